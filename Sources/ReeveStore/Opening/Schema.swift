import GRDB

/// The tables, and the way from each version of them to the next.
///
/// The database's version is its `user_version`. A step is never changed after a release; a new one is added.
enum Schema {
    static let steps: [String] = [version1, version2, version3, version4, version5, version6, version7, version8]
    static var version: Int { steps.count }

    /// Makes or brings up the tables in one transaction for each version.
    static func migrate(_ database: Database) throws {
        let found = Int(try database.number("PRAGMA user_version") ?? 0)
        guard found <= version else {
            throw StoreError(
                .newerSchema,
                "the database has schema version \(found), but this reeve knows only versions up to \(version): "
                    + "install the newer reeve again, or give another state directory"
            )
        }
        for (index, step) in steps.enumerated().dropFirst(found) {
            try database.inTransaction(.immediate) {
                try database.execute(sql: step)
                try database.execute(sql: "PRAGMA user_version = \(index + 1)")
                return .commit
            }
        }
    }

    // Times are in milliseconds since 1970; JSON is text. Words for states are those of the protocol.
    private static let version1 = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE tasks (
            row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, definition TEXT NOT NULL,
            labels TEXT, source TEXT NOT NULL, by TEXT NOT NULL, createdAt INTEGER NOT NULL, changedAt INTEGER NOT NULL,
            anchor INTEGER NOT NULL, paused TEXT, pausedUntil INTEGER, removed INTEGER NOT NULL DEFAULT 0,
            plannedRevision INTEGER, watermark INTEGER, nextDue INTEGER, nextFire INTEGER,
            completed INTEGER NOT NULL DEFAULT 0, lastNumber INTEGER NOT NULL DEFAULT 0, lastRun TEXT,
            lastRunNumber INTEGER, lastOutcome TEXT, bootDecided TEXT
        ) STRICT;
        CREATE INDEX tasks_nextFire ON tasks (nextFire) WHERE nextFire IS NOT NULL;
        CREATE INDEX tasks_unplanned ON tasks (row) WHERE removed = 0 AND plannedRevision IS NOT revision;
        CREATE INDEX tasks_pausedUntil ON tasks (pausedUntil) WHERE pausedUntil IS NOT NULL;

        -- What tasks said in revisions before the current one, as long as runs live that go by it.
        CREATE TABLE revisions (
            task TEXT NOT NULL, revision INTEGER NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (task, revision)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE runs (
            row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, task TEXT NOT NULL, number INTEGER NOT NULL,
            status TEXT NOT NULL, outcome TEXT, due INTEGER, createdAt INTEGER NOT NULL, record TEXT NOT NULL,
            UNIQUE (task, number)
        ) STRICT;
        CREATE INDEX runs_live ON runs (ifnull(due, createdAt), createdAt) WHERE status <> 'stopped';
        CREATE INDEX runs_live_task ON runs (task, number) WHERE status <> 'stopped';
        CREATE INDEX runs_createdAt ON runs (createdAt);

        CREATE TABLE journal (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, previous INTEGER,
            type TEXT NOT NULL, source TEXT, publisherID TEXT, subject TEXT, time INTEGER NOT NULL,
            timeGiven INTEGER NOT NULL DEFAULT 0, summary TEXT, data TEXT
        ) STRICT;
        CREATE INDEX journal_lane ON journal (lane, sequence);
        CREATE UNIQUE INDEX journal_publisher ON journal (source, publisherID) WHERE publisherID IS NOT NULL;

        CREATE TABLE endpoints (
            name TEXT PRIMARY KEY, definition TEXT NOT NULL, cursor INTEGER NOT NULL, createdAt INTEGER NOT NULL,
            startedAfter INTEGER NOT NULL, paused TEXT, generatedSecret TEXT
        ) STRICT;
        CREATE TABLE positions (
            endpoint TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (endpoint, lane)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX positions_sequence ON positions (endpoint, sequence);
        CREATE TABLE deadLetters (
            endpoint TEXT NOT NULL, sequence INTEGER NOT NULL, lane TEXT NOT NULL, change TEXT NOT NULL,
            reason TEXT NOT NULL, status INTEGER, at INTEGER NOT NULL, PRIMARY KEY (endpoint, sequence)
        ) STRICT, WITHOUT ROWID;
        """

    private static let version2 = """
        CREATE TABLE services (
            row INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, revision INTEGER NOT NULL,
            source TEXT NOT NULL, by TEXT NOT NULL, createdAt INTEGER NOT NULL, changedAt INTEGER NOT NULL,
            removed INTEGER NOT NULL DEFAULT 0, orders TEXT NOT NULL, state TEXT NOT NULL
        ) STRICT;
        """

    private static let version3 = """
        ALTER TABLE tasks ADD COLUMN scheduledRuns INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN notBefore INTEGER;
        CREATE TABLE taskGroups (
            name TEXT PRIMARY KEY, runLimit INTEGER, by TEXT NOT NULL, changedAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let version4 = """
        ALTER TABLE tasks ADD COLUMN applySet TEXT;
        CREATE INDEX tasks_applySet ON tasks (applySet) WHERE applySet IS NOT NULL;
        CREATE INDEX tasks_source ON tasks (source) WHERE removed = 0 AND source <> 'rpc';
        """

    private static let version5 = """
        ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN notAfter INTEGER;
        DROP INDEX runs_live;
        CREATE INDEX runs_notBefore ON runs (notBefore) WHERE status = 'pending' AND notBefore IS NOT NULL;
        CREATE INDEX runs_notAfter ON runs (notAfter) WHERE status = 'pending' AND notAfter IS NOT NULL;
        CREATE INDEX runs_queue ON runs (priority DESC, ifnull(due, createdAt), createdAt) WHERE status <> 'stopped';
        """

    private static let version6 = """
        ALTER TABLE runs ADD COLUMN outputBytes INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX runs_output ON runs (task, number, outputBytes) WHERE outputBytes > 0;
        CREATE INDEX runs_outcome ON runs (outcome, createdAt) WHERE outcome IS NOT NULL;
        """

    private static let version7 = """
        ALTER TABLE endpoints ADD COLUMN source TEXT NOT NULL DEFAULT 'rpc';
        ALTER TABLE endpoints ADD COLUMN by TEXT NOT NULL DEFAULT '';
        ALTER TABLE endpoints ADD COLUMN changedAt INTEGER NOT NULL DEFAULT 0;
        UPDATE endpoints SET changedAt = createdAt;
        ALTER TABLE endpoints ADD COLUMN previousKey TEXT;
        ALTER TABLE endpoints ADD COLUMN muting TEXT;
        """

    // A dead letter with `first` stands for all that expired from there up to its number; `lanes` counts them.
    private static let version8 = """
        ALTER TABLE deadLetters ADD COLUMN type TEXT NOT NULL DEFAULT '';
        UPDATE deadLetters SET type = change ->> 'type';
        ALTER TABLE deadLetters ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE deadLetters ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE deadLetters ADD COLUMN wish TEXT;
        ALTER TABLE deadLetters ADD COLUMN first INTEGER;
        ALTER TABLE deadLetters ADD COLUMN lanes TEXT;
        CREATE INDEX deadLetters_held ON deadLetters (endpoint, sequence) WHERE held = 1;
        CREATE INDEX deadLetters_wish ON deadLetters (endpoint, sequence) WHERE wish IS NOT NULL;
        CREATE INDEX deadLetters_at ON deadLetters (at);
        ALTER TABLE endpoints ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE endpoints ADD COLUMN replayThrough INTEGER;
        ALTER TABLE positions ADD COLUMN replayThrough INTEGER;
        ALTER TABLE positions ADD COLUMN replayUntil INTEGER;
        """
}
