/// What kind of file some bytes are.
enum MediaType {
  /// Any bytes (RFC 2046, section 4.5.1).
  static let unknown = "application/octet-stream"

  /// A Content Type as the publisher wrote it, in lower case and without parameters; nil if it is no media type
  /// (RFC 6838, section 4.2).
  static func checked(_ contentType: String) -> String? {
    let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
    let names = type.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy({ (1...127).contains($0.count) && $0.allSatisfy(isNameByte) }) else {
      return nil
    }
    return String(decoding: type, as: UTF8.self).lowercased()
  }

  /// What the first bytes say; nil if they say nothing known.
  static func sniffed(_ bytes: [UInt8]) -> String? {
    if let signature = signatures.first(where: { bytes.starts(with: $0.bytes) }) { return signature.type }
    switch (tag(bytes, at: 0), tag(bytes, at: 8)) {
    case ("RIFF", "WEBP"): return "image/webp"
    case ("RIFF", "WAVE"): return "audio/wav"
    case ("RIFF", "AVI "): return "video/x-msvideo"
    default: break
    }
    if tag(bytes, at: 4) == "ftyp", let brand = tag(bytes, at: 8) { return brands[brand] ?? "video/mp4" }
    // An MPEG audio frame without a tag before it: eleven set bits, then layer III.
    if bytes.count > 2, bytes[0] == 0xFF, bytes[1] & 0xE6 == 0xE2, bytes[1] & 0x18 != 0x08 { return "audio/mpeg" }
    return nil
  }

  private static let signatures: [(bytes: [UInt8], type: String)] = [
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
    ([0xFF, 0xD8, 0xFF], "image/jpeg"),
    (Array("GIF87a".utf8), "image/gif"),
    (Array("GIF89a".utf8), "image/gif"),
    ([0x49, 0x49, 0x2A, 0x00], "image/tiff"),
    ([0x4D, 0x4D, 0x00, 0x2A], "image/tiff"),
    (Array("%PDF-".utf8), "application/pdf"),
    ([0x50, 0x4B, 0x03, 0x04], "application/zip"),
    ([0x50, 0x4B, 0x05, 0x06], "application/zip"),
    ([0x1F, 0x8B, 0x08], "application/gzip"),
    ([0x28, 0xB5, 0x2F, 0xFD], "application/zstd"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "application/x-xz"),
    (Array("BZh".utf8), "application/x-bzip2"),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"),
    (Array("ID3".utf8), "audio/mpeg"),
    (Array("OggS".utf8), "audio/ogg"),
    (Array("fLaC".utf8), "audio/flac"),
    ([0x1A, 0x45, 0xDF, 0xA3], "video/webm"),
  ]

  /// Major brands of ISO base media files that are not `video/mp4`.
  private static let brands = [
    "avif": "image/avif", "avis": "image/avif", "heic": "image/heic", "heix": "image/heic", "mif1": "image/heif",
    "M4A ": "audio/mp4", "M4B ": "audio/mp4", "qt  ": "video/quicktime", "3gp4": "video/3gpp", "3gp5": "video/3gpp",
  ]

  private static func tag(_ bytes: [UInt8], at offset: Int) -> String? {
    bytes.count >= offset + 4 ? String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self) : nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$&-^_.+".utf8.contains(byte)
    }
  }
}
