import Glibc

/// The socket of a running process as the watching thread has it, and what came through it.
struct NotifyInbox {
    let descriptor: CInt
    let path: String
    private(set) var state = NotifyState()

    init(descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Makes who waits look again.
    mutating func nextVersion() {
        state.version += 1
    }

    enum Message: Equatable {
        case none
        /// Nothing that is known here.
        case unknown
        case merged
    }

    /// Takes the next message, in parts of `buffer`.
    ///
    /// Descriptors that come with it are closed by the kernel, as no room is given for them. With `BARRIER=1` that is the
    /// answer: everything before was taken over, so the state has to be made known before the next call.
    mutating func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Message {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(NotifyState.maximumMessage))
        var count = -1
        repeat {
            count = recv(descriptor, room.baseAddress, room.count, CInt(MSG_TRUNC | MSG_DONTWAIT))
        } while count < 0 && errno == EINTR
        guard count >= 0 else { return .none }
        return state.merge(room.prefix(count), isCut: count > room.count) ? .merged : .unknown
    }
}
