/// Where a process can tell how it is, in the way of `sd_notify(3)`.
///
/// The socket is there before the process begins and is removed when it is over. The process learns of it by
/// `NOTIFY_SOCKET=PATH` in its environment, which is the caller's part.
package struct NotifySocketSpecification: Sendable, Equatable {
    /// An absolute path of up to ``maximumPath`` bytes. Missing folders above it are made so that every user may pass
    /// through them; a socket that is there is replaced. Only the process's user and root can send to it. Others must
    /// not be able to change the folder.
    package var path: String

    /// What Linux takes as the path of a socket, in bytes.
    package static let maximumPath = 107

    package init(path: String) {
        self.path = path
    }
}
