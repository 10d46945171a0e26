#pragma once
#include <sqlite3.h>

// Variadic in C, so Swift cannot call it.

/// Refuses SQL that could damage the file by itself, such as writing to the schema table.
static inline int csqlite_defend(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

/// Says whether the write-ahead log is left as it is (1) or copied and removed (0) when the connection is closed.
static inline int csqlite_keep_log(sqlite3 *database, int keep) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep, (int *)0);
}
