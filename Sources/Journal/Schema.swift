/// The tables of a state file and how they came about.
///
/// Messages are keyed `spool << 40 | sequence`: one spool's rows lie side by side in the order of their sequence, so that
/// loading and trimming are ranges, and no second index has to be written for every row.
enum Schema {
  /// Marks the file as ours in its header: "XMQB".
  static let applicationID: Int64 = 0x584d_5142

  /// The steps from an empty file to the present format. Step n leads from format n to n + 1; a step once released is never
  /// changed.
  static let migrations: [String] = [
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
    CREATE TABLE spool (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
    CREATE TABLE message (
      id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL, meta BLOB NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE value (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE redelivery (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, hash INTEGER NOT NULL) STRICT;
    """,
    // Changes are in a log first; an older version would not look there. No two files count from the same number, so that a
    // log which was left behind by another is not taken for this one's.
    "INSERT INTO meta VALUES ('log_epoch', abs(random() / 4))",
  ]

  /// Sees to it that the file is ours and has the present format. Changes nothing in a file that is not ours or newer.
  static func migrate(
    _ database: borrowing Database, path: String, migrations: [String] = migrations
  ) throws(JournalError) {
    let application: Int64
    let version: Int
    let tables: Int64
    do {
      application = try database.integer("PRAGMA application_id")
      version = Int(try database.integer("PRAGMA user_version"))
      tables = try database.integer("SELECT count(*) FROM sqlite_schema")
    } catch {
      throw error.asJournalError(path)
    }
    let isNew = application == 0 && version == 0 && tables == 0
    guard isNew || application == applicationID else { throw .foreign(path: path) }
    guard version <= migrations.count else { throw .newer(path: path, version: version, known: migrations.count) }
    guard version >= (isNew ? 0 : 1) else { throw .damaged(path: path, reason: "it has format \(version)") }
    if version == migrations.count { return }
    do {
      try database.execute("BEGIN IMMEDIATE")
      for step in migrations[version...] { try database.execute(step) }
      try database.execute(
        "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(migrations.count); COMMIT")
    } catch {
      throw error.asJournalError(path)
    }
  }
}
