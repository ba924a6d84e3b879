import CLinux
import Glibc
import ReeveProcess
import ReeveStore

/// Tells when the files of folders change (inotify(7)), and when a folder comes or goes. One thread sleeps on it, and runs
/// only when something has changed.
final class FolderWatch: Sendable {
    private let folders: [String]
    private let inotify: CInt
    private let stopping: CInt

    private init(_ folders: [String], inotify: CInt, stopping: CInt) {
        self.folders = folders
        self.inotify = inotify
        self.stopping = stopping
    }

    /// - Parameter changed: Raised at each change.
    /// - Returns: `nil` if there are no descriptors or threads left.
    static func start(_ folders: [String], changed: Wakeup) -> FolderWatch? {
        let inotify = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        let stopping = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        // The descriptors are the thread's: it ends when the watch goes.
        let isStarted =
            inotify >= 0 && stopping >= 0
            && startThread("folder") {
                wait(folders, inotify, stopping, changed)
                close(inotify)
                close(stopping)
            } == 0
        guard isStarted else {
            if inotify >= 0 { close(inotify) }
            if stopping >= 0 { close(stopping) }
            return nil
        }
        return FolderWatch(folders, inotify: inotify, stopping: stopping)
    }

    /// Watches the folders, which may be new ones of their names, and those above them, in which they come and go. Whether
    /// each, or the nearest one above it that is there, can be watched.
    func renew() -> Bool {
        folders.map(renew).allSatisfy(\.self)
    }

    private func renew(_ folder: String) -> Bool {
        let files = UInt32(
            IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR
        )
        // Added to what is asked of it already, should it be one of the folders itself.
        let folders = UInt32(
            IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR
                | IN_MASK_ADD
        )
        let isWatched = inotify_add_watch(inotify, folder, files) >= 0
        var above = folder[...]
        while let slash = above.dropLast().lastIndex(of: "/") {
            above = folder[...slash]
            // One that is not there comes as an entry of the one above it.
            if inotify_add_watch(inotify, String(above), folders) >= 0 { return true }
            guard errno == ENOENT else { break }
        }
        return isWatched
    }

    deinit {
        eventfd_write(stopping, 1)
    }

    private static func wait(_ folders: [String], _ descriptor: CInt, _ ending: CInt, _ changed: Wakeup) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ending, events: Int16(POLLIN), revents: 0),
            ]
            poll(&descriptors, 2, -1)
            guard descriptors[1].revents == 0 else { return }
            var isNews = false
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count > 0 else { break }
                // What changed is looked for in the folders themselves.
                if buffer.prefix(count).withUnsafeBytes({ holdsNews($0, folders) }) { isNews = true }
            }
            if isNews { changed.set() }
        }
    }

    /// A file that was just made is empty, and is heard of again when it has been written; a link is not.
    private static func holdsNews(_ events: UnsafeRawBufferPointer, _ folders: [String]) -> Bool {
        var rest = events[...]
        let size = MemoryLayout<inotify_event>.size
        while rest.count >= size {
            let event = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: inotify_event.self)
            rest = rest.dropFirst(size)
            let name = String(decoding: rest.prefix(Int(event.len)).prefix { $0 != 0 }, as: UTF8.self)
            rest = rest.dropFirst(Int(event.len))
            guard event.mask & UInt32(IN_CREATE) != 0 else { return true }
            let isFile = folders.contains { folder in
                var status = stat()
                return lstat("\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                    && status.st_nlink == 1
                    && status.st_size == 0
            }
            if !isFile { return true }
        }
        return false
    }
}
