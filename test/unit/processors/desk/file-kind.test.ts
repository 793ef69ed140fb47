// What a file is: by its content where that tells something, by the sender's word where it does not, and honestly (catalogue S10).
import { describe, expect, it } from "vitest";

import { isKnownExtension, kindOf } from "../../../../src/processors/desk/file-kind.ts";

const sample = (bytes: Buffer) => ({ head: bytes.subarray(0, 4096), tail: bytes.subarray(-65_536) });
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const kind = (content: string | Buffer, told: string | null = null): string =>
  kindOf(sample(typeof content === "string" ? latin1(content) : content), told).mimeType;
const zip = (...names: readonly string[]): string =>
  names.map((name) => `PK\x03\x04${"\0".repeat(26)}${name}`).join("");
const office = "application/vnd.openxmlformats-officedocument";

describe("the content decides", () => {
  it.each([
    ["\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"],
    ["\x89PNG\r\n\x1a\n\0\0", "image/png"],
    ["GIF89a..", "image/gif"],
    ["RIFF\x10\0\0\0WEBPVP8 ", "image/webp"],
    ["RIFF\x10\0\0\0WAVEfmt ", "audio/wav"],
    ["RIFF\x10\0\0\0AVI LIST", "video/x-msvideo"],
    ["II*\0\x08", "image/tiff"],
    ["\0\0\0\x18ftypheic", "image/heic"],
    ["\0\0\0\x18ftypavif", "image/avif"],
    ["\0\0\0\x18ftypM4A ", "audio/mp4"],
    ["\0\0\0\x18ftypisom", "video/mp4"],
    ["\0\0\0\x18ftyp3gp4", "video/3gpp"],
    ["\0\0\0\x18ftypqt  ", "video/quicktime"],
    ["OggS\0\x02", "audio/ogg"],
    ["ID3\x03", "audio/mpeg"],
    ["#!AMR\n", "audio/amr"],
    ["%PDF-1.7", "application/pdf"],
    ["\x1f\x8b\x08", "application/gzip"],
    ["MZ\x90\0", "application/x-msdownload"],
    ["\x7fELF\x02", "application/x-executable"],
    ["#!/bin/sh\nrm", "application/x-sh"],
    ["{\\rtf1", "application/rtf"],
    [zip("a.txt"), "application/zip"],
    [zip("[Content_Types].xml", "word/document.xml"), `${office}.wordprocessingml.document`],
    [zip("[Content_Types].xml", "xl/workbook.xml"), `${office}.spreadsheetml.sheet`],
    [zip("mimetypeapplication/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"],
    [zip("META-INF/MANIFEST.MF"), "application/java-archive"],
    [zip("AndroidManifest.xml"), "application/vnd.android.package-archive"],
    ["<!DOCTYPE html><p>", "text/html"],
    ["\n <HTML><body>", "text/html"],
    ["\xef\xbb\xbf<html>", "text/html"],
    ["<!-- x --><script>alert(1)</script>", "text/html"],
    ['<?xml version="1.0"?><svg onload="x">', "image/svg+xml"],
  ])("%j is %s, whatever the sender says", (content, mimeType) => {
    expect(kind(content)).toBe(mimeType);
    expect(kind(content, "image/png")).toBe(mimeType);
    expect(kind(content, "text/plain")).toBe(mimeType);
  });

  it("finds what an archive is by its end, too", () => {
    const large = Buffer.concat([
      latin1(zip("[Content_Types].xml")),
      Buffer.alloc(200_000),
      latin1("PK\x01\x02ppt/slide1.xml"),
    ]);
    expect(kind(large)).toBe(`${office}.presentationml.presentation`);
  });
});

describe("the sender's word", () => {
  it("stands where the content tells nothing, or less", () => {
    expect(kind("\x01\x02binary", "application/acad")).toBe("application/acad");
    expect(kind("BEGIN:VCARD", "text/x-vcard; charset=utf-8")).toBe("text/vcard");
    expect(kind("a,b\n1,2", "text/csv")).toBe("text/csv");
    expect(kind("BM\x36", "image/bmp")).toBe("image/bmp");
    expect(kind("\xff\xfb\x90", "audio/mpeg")).toBe("audio/mpeg");
    expect(kind("\xff\xf1\x50", "audio/aac")).toBe("audio/aac");
    expect(kind("\0\0\0\x18ftypisom", "audio/mp4")).toBe("audio/mp4");
    expect(kind("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-excel")).toBe("application/vnd.ms-excel");
    expect(kind(zip("pages"), "application/vnd.apple.pages")).toBe("application/vnd.apple.pages");
  });

  it("S10 does not stand where such a file would look otherwise", () => {
    expect(kind("no picture", "image/png")).toBe("text/plain");
    expect(kind("\x01\x02\x03", "image/jpg")).toBe("application/octet-stream");
    expect(kind("\x01\x02\x03", "text/csv")).toBe("application/octet-stream");
    expect(kind(zip("a"), "image/png")).toBe("application/zip");
    expect(kind("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "image/png")).toBe("application/x-ole-storage");
  });

  it.each(["", "png", "image/", "image/png\r\nX: y", "<b>", "constructor", `x/${"y".repeat(200)}`])(
    "that is none is passed over: %j",
    (told) => {
      expect(kind("\x01\x02", told)).toBe("application/octet-stream");
    },
  );

  it("is read without case, parameters and other names", () => {
    expect(kindOf(sample(latin1("x\x01")), " Application/X-Foo; a=b ")).toEqual({
      mimeType: "application/x-foo",
      extensions: [],
    });
  });
});

it.each(["<!---->", "<!-- ", "<?xml", " ", "<"])("a head full of %j costs no time", (piece) => {
  const head = latin1(piece.repeat(4096).slice(0, 4096));
  const startedMs = performance.now();
  expect(kindOf({ head, tail: head }, null).mimeType).toBe("text/plain");
  expect(performance.now() - startedMs).toBeLessThan(200);
});

it("text is UTF-8 without control characters, also when the sample ends inside a letter", () => {
  const letters = Buffer.from("ñ".repeat(3_000));
  expect(kindOf({ head: letters.subarray(0, 4095), tail: letters }, null).mimeType).toBe("text/plain");
  expect(kind("caf\xe9 au lait")).toBe("application/octet-stream");
  expect(kind("a\0b")).toBe("application/octet-stream");
});

it("knows extensions in any case", () => {
  expect([isKnownExtension("PNG"), isKnownExtension("exe"), isKnownExtension("dwg")]).toEqual([true, true, false]);
});
