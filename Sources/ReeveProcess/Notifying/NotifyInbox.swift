import CLinux
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

    struct Message {
        /// It said something that is known here.
        let isKnown: Bool
        /// What came with it and may take long to close.
        let descriptors: [CInt]
    }

    /// Takes the next message, in parts of `buffer`; `nil` if there is none.
    ///
    /// With `BARRIER=1` comes the end of a pipe, and that this is closed is the answer: everything before was taken over.
    /// So the state has to be made known before the next call.
    mutating func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Message? {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(NotifyState.maximumMessage))
        var length: CInt = 0
        let maximum = clinux_passed_maximum
        let descriptors = [CInt](unsafeUninitializedCapacity: maximum) { passed, count in
            length = clinux_receive(descriptor, room.baseAddress, room.count, passed.baseAddress, &count)
        }
        guard length >= 0 else { return nil }
        let isKnown = state.merge(room.prefix(Int(length)), isCut: Int(length) > room.count)
        return Message(isKnown: isKnown, descriptors: descriptors)
    }

    /// Removes the socket's file and makes sure that nothing more comes; answers the descriptors that still came, which
    /// the kernel would else close together with the socket.
    consuming func close() -> [CInt] {
        shutdown(descriptor, CInt(SHUT_RD))
        unlink(path)
        var descriptors: [CInt] = []
        withUnsafeTemporaryAllocation(byteCount: NotifyState.maximumMessage, alignment: 1) { buffer in
            while let message = receive(buffer) { descriptors += message.descriptors }
        }
        return descriptors
    }
}
