import COpenSSL

/// The two byte streams between one session and the network, and what the verification of its peer found: all that
/// OpenSSL's callbacks touch. The session owns it and frees its `SSL *` first, so the callbacks never outlive it.
///
/// OpenSSL's own memory BIOs would keep the size of the largest message that ever passed; these buffers are given back
/// whenever they run empty.
final class TLSWire {
  /// Ciphertext from the network; the first `consumed` bytes of it have been read.
  private var inbound: [UInt8] = []
  private var consumed = 0
  /// Ciphertext for the network.
  private var outbound: [UInt8] = []

  /// The digests of which the peer's certificate must have one, if there are any.
  let pins: [[UInt8]]
  /// The name that the certificate must be valid for; only for the text of an error.
  let serverName: String
  /// SHA-256 of the certificate that the peer presented.
  var leafSHA256: [UInt8] = []
  /// Why the peer's certificate was refused.
  var refusal: TLSError?

  /// The room that both buffers occupy, in bytes.
  var capacity: Int {
    inbound.capacity + outbound.capacity
  }

  init(pins: [[UInt8]], serverName: String) {
    self.pins = pins
    self.serverName = serverName
  }

  func receive(_ bytes: UnsafeRawBufferPointer) {
    unsafe inbound.append(contentsOf: bytes)
  }

  /// Moves received ciphertext into `buffer` and returns how many bytes it was.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, inbound.count - consumed)
    unsafe buffer.copyBytes(from: inbound[consumed..<consumed + count])
    consumed += count
    if consumed == inbound.count {
      inbound = []
      consumed = 0
    }
    return count
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    unsafe outbound.append(contentsOf: bytes)
  }

  func takeOutbound() -> [UInt8] {
    let bytes = outbound
    outbound = []
    return bytes
  }
}

/// The BIO through which OpenSSL reads from and writes to a `TLSWire`.
enum WireBIO {
  /// Made once and kept for the life of the process; nil only when memory ran out.
  nonisolated(unsafe) private static let method: OpaquePointer? = unsafe makeMethod()

  /// A BIO with one reference, or nil when memory ran out. `wire` must outlive it.
  static func make(over wire: TLSWire) -> OpaquePointer? {
    guard let method = unsafe method, let bio = unsafe BIO_new(method) else { return nil }
    unsafe BIO_set_data(bio, Unmanaged.passUnretained(wire).toOpaque())
    unsafe BIO_set_init(bio, 1)
    return unsafe bio
  }

  private static func makeMethod() -> OpaquePointer? {
    let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
    guard let method = unsafe BIO_meth_new(type, "wire") else { return nil }
    unsafe BIO_meth_set_read(method) { bio, buffer, length in
      guard let bio = unsafe bio, let wire = unsafe WireBIO.wire(of: bio), length > 0 else { return 0 }
      unsafe copenssl_clear_retry(bio)
      let count = unsafe wire.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(length)))
      guard count == 0 else { return CInt(count) }
      // Nothing there is "not yet", never "the end": the session is told of the end by its owner.
      unsafe copenssl_set_retry_read(bio)
      return -1
    }
    unsafe BIO_meth_set_write(method) { bio, bytes, length in
      guard let bio = unsafe bio, let wire = unsafe WireBIO.wire(of: bio), length > 0 else { return 0 }
      unsafe copenssl_clear_retry(bio)
      unsafe wire.write(UnsafeRawBufferPointer(start: bytes, count: Int(length)))
      return length
    }
    unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in
      // A handshake flight ends with a flush, which has nothing to do here; no other control is supported.
      command == BIO_CTRL_FLUSH ? 1 : 0
    }
    return unsafe method
  }

  private static func wire(of bio: OpaquePointer) -> TLSWire? {
    guard let data = unsafe BIO_get_data(bio) else { return nil }
    return unsafe Unmanaged<TLSWire>.fromOpaque(data).takeUnretainedValue()
  }
}
