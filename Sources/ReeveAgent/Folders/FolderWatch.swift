import CLinux
import Glibc
import ReeveProcess
import ReeveStore

/// Tells when a folder's files change (inotify(7)). One thread sleeps on it, and runs only when something has changed.
///
/// A folder that is not there, or goes, cannot be watched: what comes then is seen only when somebody asks to look.
final class FolderWatch: Sendable {
    private let stopping: CInt

    /// - Parameter changed: Raised at each change.
    ///
    /// `nil` if it cannot be watched.
    init?(_ folder: String, changed: Wakeup) {
        let descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        let events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR
        let stopping = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard stopping >= 0, inotify_add_watch(descriptor, folder, UInt32(events)) >= 0 else {
            close(descriptor)
            if stopping >= 0 { close(stopping) }
            return nil
        }
        self.stopping = stopping
        let ending = dup(stopping)
        let started = startThread("folder") {
            Self.wait(descriptor, ending, changed)
            close(descriptor)
            close(ending)
        }
        guard started == 0 else {
            close(descriptor)
            close(ending)
            return nil
        }
    }

    deinit {
        // The thread has a copy of it, and ends.
        eventfd_write(stopping, 1)
        close(stopping)
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
