// Names of files at the case: the conformance vectors of the parity sheet (section 12) where the original was right, and what is
// better where it was not (defect E10, catalogue S10).
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fileName, type NameParts } from "../../../../src/processors/desk/file-name.ts";
import type { FileKind } from "../../../../src/processors/desk/file-kind.ts";

const png: FileKind = { mimeType: "image/png", extensions: ["png"] };
const jpg: FileKind = { mimeType: "image/jpeg", extensions: ["jpg", "jpeg"] };
const pdf: FileKind = { mimeType: "application/pdf", extensions: ["pdf"] };
const ogg: FileKind = { mimeType: "audio/ogg", extensions: ["ogg", "oga", "opus"] };
const html: FileKind = { mimeType: "text/html", extensions: ["html", "htm"] };
const bytes: FileKind = { mimeType: "application/octet-stream", extensions: ["bin"] };
const foreign: FileKind = { mimeType: "application/acad", extensions: [] };

const name = (parts: Partial<NameParts>, kind: FileKind = png) =>
  fileName({ caption: null, url: "http://test.com", messageType: "image", otherwise: "image-7", ...parts }, kind);

describe("the name of a file", () => {
  it("is its caption, without what a file system stumbles over", () => {
    expect(name({ caption: "caption/1?2^&3??" })).toEqual({ title: "caption 1 2  3", path: "caption 1 2  3.png" });
    expect(name({ caption: "t" })).toEqual({ title: "t", path: "t.png" });
  });

  it("keeps the letters of every script, and an extension once", () => {
    expect(name({ caption: "Canción número 5.pdf" }, pdf)).toEqual({
      title: "Canción número 5.pdf",
      path: "Canción número 5.pdf",
    });
    expect(name({ caption: "写真 фото" }).path).toBe("写真 фото.png");
    expect(name({ caption: "foto.JPEG" }, jpg).path).toBe("foto.JPEG");
    expect(name({ caption: "v1.2" }).path).toBe("v1.2.png");
  });

  it("is the end of the address where there is no caption, without query", () => {
    const id = "459ea2f1-0272";
    expect(name({ url: `http://test.com/${id}` }, foreign)).toEqual({ title: id, path: id });
    expect(name({ url: `https://test.com/a/${id}.pdf?sig=x&y=/z` }, pdf).path).toBe(`${id}.pdf`);
    expect(name({ url: "https://test.com/Mi%20foto%C3%B1.png" }).path).toBe("Mi fotoñ.png");
    expect(name({ url: "https://test.com/100%.png" }).path).toBe("100.png");
  });

  it("is that of the message where neither gives one, and so never empty and never the same in a chat", () => {
    for (const parts of [
      {},
      { caption: "👍" },
      { caption: "///", url: "https://test.com/" },
      { url: "https://t.com/%2F" },
    ])
      expect(name(parts)).toEqual({ title: "image-7", path: "image-7.png" });
  });

  it("shows the extension of sounds", () => {
    const parts = { url: "http://test.com/890930208883613", messageType: "audio" };
    expect(name(parts, ogg)).toEqual({ title: "890930208883613.ogg", path: "890930208883613.ogg" });
    expect(name({ ...parts, messageType: "voice" }, ogg).title).toBe("890930208883613.ogg");
  });

  it("S10 says what the file is, not what it would like to be", () => {
    expect(name({ caption: "photo.png" }, html)).toEqual({ title: "photo.html", path: "photo.html" });
    expect(name({ caption: "report.pdf" }, { mimeType: "application/x-msdownload", extensions: ["exe"] }).path).toBe(
      "report.exe",
    );
    expect(name({ caption: "photo.png" }, bytes).path).toBe("photo.bin");
    // A right-to-left override would show "exe.png" reversed.
    expect(name({ caption: "photo\u202egnp.exe" }).path).toBe("photo gnp.png");
  });

  it("keeps an extension that nobody knows where the content tells nothing", () => {
    expect(name({ caption: "plan.dwg" }, bytes).path).toBe("plan.dwg");
    expect(name({ caption: "plan.dwg" }, foreign).path).toBe("plan.dwg");
    expect(name({ caption: "plan.dwg" }, png).path).toBe("plan.dwg.png");
  });

  it.each([
    ["../../etc/passwd", "etc passwd.png"],
    ["..", "image-7.png"],
    [".htaccess", "htaccess.png"],
    ["a\r\nSet-Cookie: x", "a  Set-Cookie  x.png"],
    ["a\u0000b", "a b.png"],
    ["con\\nul", "con nul.png"],
    ["\ud800half", "half.png"],
  ])("S10 of %j is harmless", (caption, path) => {
    expect(name({ caption }).path).toBe(path);
  });

  it("is the address's where the caption is a letter rather than a name", () => {
    expect(name({ caption: "ñ".repeat(128), url: "https://t.com/x1" }).path).toBe("x1.png");
    expect(Buffer.byteLength(name({ caption: "ñ".repeat(127) }).path)).toBe(204);
  });

  it("is cut between characters as people see them", () => {
    const family = "e\u0301".repeat(200);
    const { title } = name({ url: `https://t.com/${encodeURIComponent(`${"x".repeat(199)}${family}`)}` });
    expect(title.startsWith("x".repeat(199))).toBe(true);
    expect(Buffer.byteLength(title)).toBeLessThanOrEqual(200);
  });

  it("S10 always fits, is never empty, and holds nothing but letters, digits, blanks and _ - .", () => {
    const anything = fc.string({ unit: "binary", maxLength: 6_000 });
    fc.assert(
      fc.property(
        fc.option(anything),
        anything,
        fc.constantFrom(png, ogg, html, bytes, foreign),
        (caption, end, kind) => {
          const { title, path } = name({ caption, url: `https://t.com/${end}` }, kind);
          for (const text of [title, path]) {
            expect(text).toMatch(/^[\p{L}\p{M}\p{N}_-][\p{L}\p{M}\p{N}_. -]*$/u);
            expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255);
          }
        },
      ),
    );
  });
});
