import CLinux
import NIOConcurrencyHelpers
import ReeveProcess

/// Calls back when a time has come.
///
/// One thread of its own sleeps until the next time, and on nothing else: while there is none it does not run. Time goes
/// on while the host is suspended.
final class Timers: Sendable {
    /// Told once: that the time has come, on the thread of all timers, where it must not wait; or that somebody has taken
    /// it back, on the thread of who does.
    typealias Body = @Sendable (Result<Void, any Error>) -> Void
    typealias Key = Agenda<Body>.Key

    private struct State {
        var agenda = Agenda<Body>()
        /// What the thread will be woken at; it may find nothing to do then.
        var armed: Duration?
    }

    private let timer: CInt
    private let state = NIOLockedValueBox(State())
    private let begin = ContinuousClock.now

    /// Fails only if the process may have no more descriptors or threads.
    init?() {
        timer = clinux_steady_timer()
        guard timer >= 0, startThread("timers", { [self] in loop() }) == 0 else { return nil }
    }

    private var now: Duration { begin.duration(to: .now) }

    /// How many times are waited for.
    var count: Int { state.withLockedValue { $0.agenda.count } }

    func key(for instant: ContinuousClock.Instant) -> Key {
        state.withLockedValue { $0.agenda.key(for: begin.duration(to: instant)) }
    }

    func key(after delay: Duration) -> Key {
        state.withLockedValue { $0.agenda.key(for: now + delay) }
    }

    /// Whether it is waited for: not if that is not wanted any more, which is asked where it cannot be taken back between.
    @discardableResult
    func add(_ key: Key, isWanted: () -> Bool = { true }, _ body: @escaping Body) -> Bool {
        state.withLockedValue { state in
            guard isWanted() else { return false }
            state.agenda.add(body, as: key)
            if state.armed.map({ key.time < $0 }) ?? true { arm(key.time, &state) }
            return true
        }
    }

    /// Does nothing where it has been called back already.
    func cancel(_ key: Key) {
        // The thread stays armed: being woken once for nothing costs less than arming it at each cancellation.
        state.withLockedValue { $0.agenda.remove(key) }?(.failure(CancellationError()))
    }

    private func arm(_ time: Duration, _ state: inout State) {
        let (seconds, attoseconds) = max(.zero, time - now).components
        // A hundred years are as good as any longer time.
        let nanoseconds = min(seconds, 3_155_760_000) * 1_000_000_000 + attoseconds / 1_000_000_000
        clinux_steady_timer_arm(timer, nanoseconds)
        state.armed = time
    }

    private func loop() {
        while true {
            clinux_steady_timer_wait(timer)
            let due = state.withLockedValue { state in
                let due = state.agenda.due(at: now)
                state.armed = nil
                if let next = state.agenda.next { arm(next, &state) }
                return due
            }
            for body in due { body(.success(())) }
        }
    }
}
