/// Where the output of a process is kept, and how much of it.
///
/// The first bytes are kept in the file's head, the latest in its tail; of what lies between, only the number is known.
package struct SpoolSpecification: Sendable, Equatable {
    /// The file. It is created with the first output, with the folders above it; one that is there is emptied then.
    package var path: String
    /// Bytes of the file for the beginning of the output, with what it costs to keep the pieces apart (24 for each).
    package var head: Int
    /// Bytes of the file for the end of the output, alike; less than ``minimumTail`` counts as none.
    package var tail: Int

    package static let minimumTail = 4096

    package init(path: String, head: Int, tail: Int) {
        self.path = path
        self.head = max(head, 0)
        self.tail = tail < Self.minimumTail ? 0 : tail
    }

    /// Half of the quota for the head, half for the tail. A quota of less than 8 KiB has no tail.
    package init(path: String, quota: Int) {
        let tail = quota / 2 < Self.minimumTail ? 0 : quota / 2
        self.init(path: path, head: quota - tail - SpoolFormat.headerSize, tail: tail)
    }
}
