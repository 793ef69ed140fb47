// Conformance vectors of the parity sheet (section 12): titles and paths of files at the case. Where section 10 (E10) calls the
// original's name a defect the better one stands here, with what the original made of it.
import { expect, it } from "vitest";

import type { FileKind } from "../../../src/processors/desk/file-kind.ts";
import { fileName } from "../../../src/processors/desk/file-name.ts";

const png: FileKind = { mimeType: "image/png", extensions: ["png"] };
const pdf: FileKind = { mimeType: "application/pdf", extensions: ["pdf"] };
const ogg: FileKind = { mimeType: "audio/ogg", extensions: ["ogg", "oga", "opus"] };
const unknown: FileKind = { mimeType: "application/acad", extensions: [] };
const [none, hash] = ["http://test.com", "376f0a1b2c3d"];

interface Vector {
  readonly given: string;
  readonly caption?: string;
  readonly url?: string;
  readonly messageType?: string;
  readonly kind: FileKind;
  readonly title: string;
  readonly path: string;
}

const vectors: readonly Vector[] = [
  {
    given: "caption `caption/1?2^&3??`",
    caption: "caption/1?2^&3??",
    kind: png,
    title: "caption 1 2  3",
    path: "caption 1 2  3.png",
  },
  { given: "title `t` with image/png", caption: "t", kind: png, title: "t", path: "t.png" },
  {
    given: "caption `Canción número 5.pdf` (original: `Canci n n mero 5 pdf`)",
    caption: "Canción número 5.pdf",
    kind: pdf,
    title: "Canción número 5.pdf",
    path: "Canción número 5.pdf",
  },
  {
    given: "an address without caption",
    url: "http://test.com/459e0272",
    kind: unknown,
    title: "459e0272",
    path: "459e0272",
  },
  {
    given: "an address with its extension (original: `….pdf.pdf`)",
    url: `https://test.com/${hash}.pdf`,
    kind: pdf,
    title: `${hash}.pdf`,
    path: `${hash}.pdf`,
  },
  {
    given: "an address without a name (original: the session's id for every file)",
    url: none,
    kind: png,
    title: "image-7",
    path: "image-7.png",
  },
  {
    given: "an audio",
    url: "http://test.com/890930208883613",
    messageType: "audio",
    kind: ogg,
    title: "890930208883613.ogg",
    path: "890930208883613.ogg",
  },
];

it.each(vectors)("File title: $given", ({ caption = null, url = none, messageType = "image", kind, title, path }) => {
  expect(fileName({ caption, url, messageType, otherwise: "image-7" }, kind)).toEqual({ title, path });
});
