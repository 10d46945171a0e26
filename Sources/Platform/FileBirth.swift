internal import CLinux

/// When a file was made, which no copy of it shares.
public enum FileBirth {
  /// In nanoseconds since 1970; 0 if there is no file, or its file system does not say.
  public static func time(of path: String) -> Int64 { unsafe clinux_birth(path) }
}
