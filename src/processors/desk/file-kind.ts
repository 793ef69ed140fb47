// What a file is, by its content: the sender's word counts only where the content tells nothing. Pure. Owns the signatures and
// the extensions. A table and no parser, because the bytes come from strangers. Called by the desk gateway.

/** A kind of file: its MIME type, and the extensions that such a file may have, the usual one first. */
export interface FileKind {
  readonly mimeType: string;
  readonly extensions: readonly string[];
}

/** The ends of a file; together they are enough for every signature. */
export interface FileSample {
  /** First bytes: 4 KiB, or all there are. */
  readonly head: Buffer;
  /** Last bytes: 64 KiB, or all there are. */
  readonly tail: Buffer;
}

const extensions: Readonly<Record<string, readonly string[]>> = {
  "image/jpeg": ["jpg", "jpeg", "jpe", "jfif"],
  "image/png": ["png"],
  "image/gif": ["gif"],
  "image/webp": ["webp"],
  "image/bmp": ["bmp"],
  "image/tiff": ["tif", "tiff"],
  "image/heic": ["heic", "heif"],
  "image/avif": ["avif"],
  "image/svg+xml": ["svg"],
  "audio/ogg": ["ogg", "oga", "opus"],
  "audio/mpeg": ["mp3"],
  "audio/mp4": ["m4a", "mp4"],
  "audio/aac": ["aac"],
  "audio/amr": ["amr"],
  "audio/wav": ["wav"],
  "audio/flac": ["flac"],
  "video/mp4": ["mp4", "m4v"],
  "video/3gpp": ["3gp"],
  "video/quicktime": ["mov"],
  "video/webm": ["webm", "mkv"],
  "video/x-msvideo": ["avi"],
  "application/pdf": ["pdf"],
  "application/zip": ["zip"],
  "application/gzip": ["gz", "tgz"],
  "application/x-7z-compressed": ["7z"],
  "application/vnd.rar": ["rar"],
  "application/rtf": ["rtf"],
  "application/msword": ["doc"],
  "application/x-ole-storage": ["doc", "xls", "ppt", "msg"],
  "application/vnd.ms-excel": ["xls"],
  "application/vnd.ms-powerpoint": ["ppt"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["docx"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["xlsx"],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ["pptx"],
  "application/vnd.oasis.opendocument.text": ["odt"],
  "application/vnd.oasis.opendocument.spreadsheet": ["ods"],
  "application/vnd.oasis.opendocument.presentation": ["odp"],
  "application/epub+zip": ["epub"],
  "application/vnd.android.package-archive": ["apk"],
  "application/java-archive": ["jar"],
  "application/x-msdownload": ["exe", "dll"],
  "application/x-executable": ["elf"],
  "application/x-mach-binary": ["macho"],
  "application/x-sh": ["sh"],
  "application/json": ["json"],
  "application/xml": ["xml"],
  "text/html": ["html", "htm"],
  "text/plain": ["txt", "log", "md", "csv", "json", "xml", "vcf", "ics"],
  "text/csv": ["csv"],
  "text/vcard": ["vcf"],
  "text/calendar": ["ics"],
  "application/octet-stream": ["bin"],
};
/** Every extension that we know a meaning of. */
const known: ReadonlySet<string> = new Set(Object.values(extensions).flat());
/** Other names that senders use. */
const aliases: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/heif": "image/heic",
  "audio/mp3": "audio/mpeg",
  "audio/x-wav": "audio/wav",
  "audio/m4a": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "audio/opus": "audio/ogg",
  "application/x-pdf": "application/pdf",
  "application/x-zip-compressed": "application/zip",
  "text/xml": "application/xml",
  "text/x-vcard": "text/vcard",
};
/** Types whose files begin with no signature: here the sender is believed when the content is text. */
const texts: ReadonlySet<string> = new Set([
  "text/plain",
  "text/csv",
  "text/vcard",
  "text/calendar",
  "application/json",
  "application/xml",
]);
/** What a ZIP archive or an old Office file may be beside what it is called. */
const zipped =
  /openxmlformats|opendocument|epub|^application\/(?:zip|java-archive|vnd\.android|vnd\.apple\.(?:pages|numbers|keynote))/;
const compound = /^application\/(?:msword|vnd\.ms-)/;

interface Signature {
  readonly mimeType: string;
  readonly at?: number;
  /** Latin-1. */
  readonly bytes: string;
}

const signatures: readonly Signature[] = [
  { mimeType: "image/jpeg", bytes: "\xff\xd8\xff" },
  { mimeType: "image/png", bytes: "\x89PNG\r\n\x1a\n" },
  { mimeType: "image/gif", bytes: "GIF87a" },
  { mimeType: "image/gif", bytes: "GIF89a" },
  { mimeType: "image/webp", at: 8, bytes: "WEBP" },
  { mimeType: "image/tiff", bytes: "II*\0" },
  { mimeType: "image/tiff", bytes: "MM\0*" },
  { mimeType: "audio/wav", at: 8, bytes: "WAVE" },
  { mimeType: "video/x-msvideo", at: 8, bytes: "AVI " },
  { mimeType: "audio/ogg", bytes: "OggS" },
  { mimeType: "audio/mpeg", bytes: "ID3" },
  { mimeType: "audio/amr", bytes: "#!AMR" },
  { mimeType: "audio/flac", bytes: "fLaC" },
  { mimeType: "video/webm", bytes: "\x1a\x45\xdf\xa3" },
  { mimeType: "application/pdf", bytes: "%PDF-" },
  { mimeType: "application/gzip", bytes: "\x1f\x8b" },
  { mimeType: "application/x-7z-compressed", bytes: "7z\xbc\xaf\x27\x1c" },
  { mimeType: "application/vnd.rar", bytes: "Rar!\x1a\x07" },
  { mimeType: "application/rtf", bytes: "{\\rtf" },
  { mimeType: "application/x-msdownload", bytes: "MZ" },
  { mimeType: "application/x-executable", bytes: "\x7fELF" },
  { mimeType: "application/x-mach-binary", bytes: "\xcf\xfa\xed\xfe" },
  { mimeType: "application/x-mach-binary", bytes: "\xce\xfa\xed\xfe" },
  { mimeType: "application/x-mach-binary", bytes: "\xca\xfe\xba\xbe" },
  { mimeType: "application/x-sh", bytes: "#!" },
];
/** A comment ends where the first one could: else a row of them would be tried in every way there is. */
const markup =
  /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[\s\S])*-->\s*)*<(?:!doctype\s+)?(html|head|body|script|iframe|svg)\b/i;

/**
 * The kind of a file. The content decides; then the sender's type, unless such a file would have shown itself by its content;
 * then plain text or unknown bytes.
 */
export function kindOf(sample: FileSample, told: string | null): FileKind {
  const claimed = normal(told);
  return named(fromContent(sample, claimed) ?? fromSender(sample.head, claimed));
}

/** True for an extension that says what a file is. */
export function isKnownExtension(extension: string): boolean {
  return known.has(extension.toLowerCase());
}

function named(mimeType: string): FileKind {
  return { mimeType, extensions: Object.hasOwn(extensions, mimeType) ? (extensions[mimeType] ?? []) : [] };
}

function normal(told: string | null): string | null {
  const type = told?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!/^[a-z]+\/[\w.+-]{1,100}$/.test(type)) return null;
  return Object.hasOwn(aliases, type) ? (aliases[type] ?? type) : type;
}

function fromContent({ head, tail }: FileSample, claimed: string | null): string | null {
  const start = head.toString("latin1");
  if (start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06")) return archive(head, tail, claimed);
  if (start.startsWith("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
    return claimed !== null && compound.test(claimed) ? claimed : "application/x-ole-storage";
  if (start.slice(4, 8) === "ftyp") return media(start.slice(8, 12), claimed);
  const found = signatures.find(({ bytes, at = 0 }) => start.startsWith(bytes, at) && (at === 0 || isRiff(start)));
  if (found !== undefined) return found.mimeType;
  const tag = markup.exec(head.toString("utf8").replace(/^\ufeff/, ""))?.[1];
  if (tag !== undefined) return tag.toLowerCase() === "svg" ? "image/svg+xml" : "text/html";
  return looseSignature(head, claimed);
}

function isRiff(start: string): boolean {
  return start.startsWith("RIFF");
}

/** Two bytes are too few to be believed without the sender's word. */
function looseSignature(head: Buffer, claimed: string | null): string | null {
  const [first = 0, second = 0] = head;
  const isFrame = first === 0xff && (second & 0xe0) === 0xe0;
  if (isFrame && claimed?.startsWith("audio/") === true) return (second & 0x06) === 0 ? "audio/aac" : "audio/mpeg";
  if (first === 0x42 && second === 0x4d && claimed === "image/bmp") return claimed;
  return null;
}

function archive(head: Buffer, tail: Buffer, claimed: string | null): string {
  const names = head.toString("latin1") + tail.toString("latin1");
  const odf = /mimetype(application\/(?:vnd\.oasis\.opendocument\.[a-z]+|epub\+zip))/.exec(names)?.[1];
  if (odf !== undefined) return odf;
  const office = "application/vnd.openxmlformats-officedocument";
  if (names.includes("[Content_Types].xml")) {
    if (names.includes("word/")) return `${office}.wordprocessingml.document`;
    if (names.includes("xl/")) return `${office}.spreadsheetml.sheet`;
    if (names.includes("ppt/")) return `${office}.presentationml.presentation`;
  }
  if (names.includes("AndroidManifest.xml")) return "application/vnd.android.package-archive";
  if (names.includes("META-INF/MANIFEST.MF")) return "application/java-archive";
  return claimed !== null && zipped.test(claimed) ? claimed : "application/zip";
}

function media(brand: string, claimed: string | null): string {
  if (/^(?:hei|hev|mif|msf)/.test(brand)) return "image/heic";
  if (brand.startsWith("avi")) return "image/avif";
  if (brand.startsWith("M4A")) return "audio/mp4";
  if (brand.startsWith("3g")) return "video/3gpp";
  if (brand.startsWith("qt")) return "video/quicktime";
  return claimed === "audio/mp4" ? claimed : "video/mp4";
}

function fromSender(head: Buffer, claimed: string | null): string {
  const readable = isText(head);
  if (claimed !== null) {
    if (texts.has(claimed)) return readable ? claimed : "application/octet-stream";
    // A kind of which we know no signature: the sender knows better than we do.
    if (!Object.hasOwn(extensions, claimed)) return claimed;
  }
  return readable ? "text/plain" : "application/octet-stream";
}

/** UTF-8 without control characters; the sample may end inside a character. */
function isText(head: Buffer): boolean {
  if (head.length === 0 || head.some((byte) => byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b))
    return false;
  return !new TextDecoder("utf-8").decode(head, { stream: true }).includes("\ufffd");
}
