import CLinux
import Glibc
import NIOConcurrencyHelpers
import ReeveProcess
package import ReeveProtocol

/// The host's real-time clock.
///
/// One thread of its own sleeps on one timer for all who wait, and on nothing else: while nobody waits it does not run.
/// The timer is absolute and canceled by the kernel when the clock is set or jumps over a suspend
/// (`TFD_TIMER_CANCEL_ON_SET`, timerfd_create(2)); then all who wait are woken to look again.
package final class SystemClock: WallClock {
    private struct Waiter {
        var deadline: Timestamp?
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var lastID = 0
        var waiters: [Int: Waiter] = [:]
    }

    private let timer: CInt
    private let wake: CInt
    private let state = NIOLockedValueBox(State())

    /// Fails only if the process may have no more descriptors.
    package init?() {
        timer = clinux_clock_timer()
        wake = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard timer >= 0, wake >= 0 else { return nil }
        guard startThread("clock", { [self] in loop() }) == 0 else { return nil }
    }

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func wait(until deadline: Timestamp?) async throws {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isWaiting = state.withLockedValue { state in
                    guard !Task.isCancelled else { return false }
                    state.waiters[id] = Waiter(deadline: deadline, continuation: continuation)
                    return true
                }
                if isWaiting { wakeThread() } else { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.continuation
                .resume(throwing: CancellationError())
            wakeThread()
        }
    }

    private func wakeThread() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)  // full only if a wake-up is pending already
    }

    private func loop() {
        while true {
            let earliest = state.withLockedValue { $0.waiters.values.compactMap(\.deadline).min() }
            clinux_clock_timer_arm(timer, earliest.map { max(0, $0.milliseconds) } ?? -1)
            var descriptors = [
                pollfd(fd: timer, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            poll(&descriptors, 2, -1)
            var count: UInt64 = 0
            if descriptors[1].revents != 0 { _ = read(wake, &count, 8) }
            let jumped =
                descriptors[0].revents != 0 && clinux_clock_timer_read(timer) == Int32(clinux_timer_clock_set)
            resume(everybody: jumped)
        }
    }

    private func resume(everybody: Bool) {
        let now = now
        let due = state.withLockedValue { state in
            let due = state.waiters.filter { everybody || ($0.value.deadline.map { $0 <= now } ?? false) }
            for id in due.keys { state.waiters[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}
