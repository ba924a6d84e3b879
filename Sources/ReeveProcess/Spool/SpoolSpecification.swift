/// Where the output of a process is kept, and how much of it.
///
/// The first bytes are kept in the file's head, the latest in its tail; of what lies between, only the number is known.
///
/// Or one process after the other writes to the same ring (``init(path:ring:)``), which so is a log that needs no
/// rotation: only one of them at a time.
package struct SpoolSpecification: Sendable, Equatable {
    /// The file. It is created with the first output, with the folders above it; one that is there is emptied then,
    /// unless it is continued.
    package let path: String
    /// Bytes of the file for the beginning of the output, with what it costs to keep the pieces apart (24 for each).
    package let head: Int
    /// Bytes of the file for the end of the output, alike; less than ``minimumTail`` counts as none.
    package let tail: Int
    /// A file that is there is gone on with: its positions and all numbers of ``OutputCounts`` go on rising.
    ///
    /// A file that cannot be gone on with, as it has another capacity or is damaged, is renamed to `PATH.old`, in place
    /// of one with that name, and the new one begins where it ended. Only if even its header cannot be read, the
    /// positions begin at zero again; a reader that comes with a later one is led to the oldest byte there is.
    package let continues: Bool

    /// The process has written to it before, under an agent before this one, and goes on to.
    package var isTakenUp = false

    /// What it shares with others; `nil`: it has the room that it says.
    package var budget: SpoolBudget?

    package static let minimumTail = 4096

    package init(path: String, head: Int, tail: Int) {
        self.path = path
        self.head = max(head, 0)
        self.tail = tail < Self.minimumTail ? 0 : tail
        continues = false
    }

    /// A log of the latest output of all processes that were ever started with it, in `ring` bytes of the file, at least
    /// ``minimumTail``.
    package init(path: String, ring: Int) {
        self.path = path
        head = 0
        tail = max(ring, Self.minimumTail)
        continues = true
    }

    /// Half of the quota for the head, half for the tail. A quota of less than 8 KiB has no tail.
    package init(path: String, quota: Int) {
        let tail = quota / 2 < Self.minimumTail ? 0 : quota / 2
        self.init(path: path, head: quota - tail - SpoolFormat.headerSize, tail: tail)
    }
}
