// The name of a file at the case: title and path, from caption, address and content (parity sheet 4.7, without its defect E10).
// Pure. Letters of every script stay; what a file system, a screen or a reader could stumble over goes. Called by the desk gateway.
import type { FileKind } from "./file-kind.ts";
import { isKnownExtension } from "./file-kind.ts";

/** What the file is called at the case. */
export interface FileName {
  /** Shown to agents. Never empty. */
  readonly title: string;
  /** Title with the extension of what the file really is, once. */
  readonly path: string;
}

/** What is known of the file. */
export interface NameParts {
  readonly caption: string | null;
  readonly url: string;
  /** Type as the channel names it. */
  readonly messageType: string;
  /** Title where neither caption nor address gives one. Not empty. */
  readonly otherwise: string;
}

/** A caption beyond this is a message and no name, UTF-8 (parity sheet 4.7). */
const captionBytes = 255;
/** Longest title without its extension, UTF-8: with one it stays below the 255 bytes of file systems and of the field. */
const titleBytes = 200;
const longestExtension = 12;
const characters = new Intl.Segmenter();

/** The name of a file of that kind. */
export function fileName(parts: NameParts, kind: FileKind): FileName {
  const given = [fromCaption(parts.caption), fromAddress(parts.url), clean(parts.otherwise)].find(
    (title) => title !== "",
  );
  const { base, extension } = split(given ?? parts.messageType, kind);
  const title = shortened(base);
  const path = extension === null ? title : `${title}.${extension}`;
  // As in the original: voices are known by their extension, and a name that came with one keeps it.
  const showsExtension = isSound(parts.messageType) || base !== given;
  return { title: showsExtension ? path : title, path };
}

function isSound(messageType: string): boolean {
  return messageType === "audio" || messageType === "voice";
}

function fromCaption(caption: string | null): string {
  return caption === null || Buffer.byteLength(caption) > captionBytes ? "" : clean(caption);
}

/** The last segment of the address's path; the query holds signatures, not names. */
function fromAddress(url: string): string {
  const segment = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  return clean(decoded(segment));
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

/** Letters, marks, digits, `_`, `-` and `.` of any script; a blank for each other character, none at the ends, no dot either. */
function clean(text: string): string {
  const cleaned = text
    .toWellFormed()
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}_.-]/gu, " ");
  // By hand: a pattern for the end would go over every run of blanks again and again.
  let start = 0;
  let end = cleaned.length;
  while (start < end && " .".includes(cleaned.charAt(start))) start += 1;
  while (end > start && " .".includes(cleaned.charAt(end - 1))) end -= 1;
  return cleaned.slice(start, end);
}

/** An extension of the right kind stays, one of another kind gives way to the right one, and what is no extension is part of the name. */
function split(name: string, { extensions }: FileKind): { readonly base: string; readonly extension: string | null } {
  const usual = extensions[0] ?? null;
  const dot = name.lastIndexOf(".");
  const last = name.slice(dot + 1);
  const base = name.slice(0, dot).trimEnd();
  if (dot <= 0 || base === "" || !/^[A-Za-z0-9]+$/.test(last) || last.length > longestExtension) {
    return { base: name, extension: usual };
  }
  if (extensions.includes(last.toLowerCase())) return { base, extension: last };
  // Of bytes that nobody knows an unknown extension says more than ours does.
  if (isKnownExtension(last)) return { base, extension: usual };
  return usual === null || usual === "bin" ? { base, extension: last } : { base: name, extension: usual };
}

/** Cut between characters as people see them. */
function shortened(title: string): string {
  if (Buffer.byteLength(title) <= titleBytes) return title;
  let bytes = 0;
  let end = 0;
  for (const { segment, index } of characters.segment(title.slice(0, 2 * titleBytes))) {
    bytes += Buffer.byteLength(segment);
    if (bytes > titleBytes) break;
    end = index + segment.length;
  }
  return title.slice(0, end).trimEnd();
}
