import CLinux
import Glibc

/// Runs `body` on a thread of its own, with this name of up to 15 characters. 0, or the error number.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> CInt {
    let argument = Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    let result = pthread_create(
        &thread,
        nil,
        { argument in
            // Handed over by pthread_create: always there, and of this type.
            Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        },
        argument.toOpaque()
    )
    guard result == 0 else {
        argument.release()
        return result
    }
    clinux_name_thread(thread, name)
    pthread_detach(thread)
    return 0
}

/// Closes descriptors that a process has passed to us, and then calls `done`.
///
/// Not on the watching thread: who sent them decides how long that takes, and could keep it from all other processes.
func closePassed(_ descriptors: [CInt], then done: @escaping @Sendable () -> Void) {
    let close: @Sendable () -> Void = {
        clinux_close_passed(descriptors, descriptors.count)
        done()
    }
    if startThread("closing", close) != 0 { close() }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}
