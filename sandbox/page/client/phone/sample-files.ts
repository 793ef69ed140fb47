// Files that a visitor can send without looking for one: a photo that is painted here, and a one-page invoice. Called by the composer.

const WIDTH = 480;
const HEIGHT = 320;

/** A picture of a parcel, as PNG. */
export async function photo(): Promise<File> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  if (pen !== null) paintParcel(pen);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, "image/png");
  });
  return new File([blob ?? new Blob()], "parcel.png", { type: "image/png" });
}

function paintParcel(pen: CanvasRenderingContext2D): void {
  const floor = pen.createLinearGradient(0, 0, 0, HEIGHT);
  floor.addColorStop(0, "#c9d6d3");
  floor.addColorStop(1, "#8fa39d");
  const fill = (style: string | CanvasGradient, points: readonly (readonly [x: number, y: number])[]): void => {
    pen.fillStyle = style;
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.fill();
  };
  const box = { left: "#b98a4e", right: "#9c7140", top: "#d3a766", tape: "#e9d3a6" };
  fill(floor, [
    [0, 0],
    [WIDTH, 0],
    [WIDTH, HEIGHT],
    [0, HEIGHT],
  ]);
  fill(box.left, [
    [110, 130],
    [245, 180],
    [245, 290],
    [110, 230],
  ]);
  fill(box.right, [
    [245, 180],
    [385, 125],
    [385, 225],
    [245, 290],
  ]);
  fill(box.top, [
    [110, 130],
    [250, 85],
    [385, 125],
    [245, 180],
  ]);
  fill(box.tape, [
    [170, 111],
    [192, 104],
    [322, 150],
    [300, 158],
  ]);
  fill("#f6f4ee", [
    [265, 215],
    [330, 188],
    [330, 222],
    [265, 250],
  ]);
}

/** An invoice of one page, as PDF. */
export function invoice(): File {
  const text = "BT /F1 24 Tf 60 720 Td (Invoice 4711) Tj ET";
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${String(text.length)}>>stream\n${text}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  const body = objects.map((object, place) => `${String(place + 1)} 0 obj${object}endobj\n`).join("");
  return new File([`%PDF-1.4\n${body}trailer<</Root 1 0 R>>\n%%EOF`], "invoice-4711.pdf", { type: "application/pdf" });
}

/** A file's bytes as base64. */
export async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
