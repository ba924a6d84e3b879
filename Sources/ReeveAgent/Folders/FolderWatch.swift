import CLinux
import Glibc
import ReeveProcess
import ReeveStore

/// Tells when a folder's files change (inotify(7)), and when the folder comes or goes. One thread sleeps on it, and runs
/// only when something has changed.
final class FolderWatch: Sendable {
    private let folder: String
    private let inotify: CInt
    private let stopping: CInt

    /// - Parameter changed: Raised at each change.
    ///
    /// `nil` if there are no descriptors or threads left.
    init?(_ folder: String, changed: Wakeup) {
        self.folder = folder
        inotify = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        stopping = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        let (inotify, stopping) = (inotify, stopping)
        // The descriptors are the thread's from here on: it ends when the watch goes.
        let isStarted =
            inotify >= 0 && stopping >= 0
            && startThread("folder") {
                Self.wait(inotify, stopping, changed)
                close(inotify)
                close(stopping)
            } == 0
        guard isStarted else {
            if inotify >= 0 { close(inotify) }
            if stopping >= 0 { close(stopping) }
            return nil
        }
    }

    /// Watches the folder, which may be a new one of its name, and the one above it, in which it comes and goes. Whether
    /// one of them can be watched.
    func renew() -> Bool {
        let files = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR)
        let folders = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
        let above = folder.lastIndex(of: "/").map { String(folder[...$0]) } ?? "."
        let watches = [inotify_add_watch(inotify, folder, files), inotify_add_watch(inotify, above, folders)]
        return watches.contains { $0 >= 0 }
    }

    deinit {
        eventfd_write(stopping, 1)
    }

    private static func wait(_ descriptor: CInt, _ ending: CInt, _ changed: Wakeup) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ending, events: Int16(POLLIN), revents: 0),
            ]
            poll(&descriptors, 2, -1)
            guard descriptors[1].revents == 0 else { return }
            // What changed is looked for in the folder itself.
            while read(descriptor, &buffer, buffer.count) > 0 {}
            changed.set()
        }
    }
}
