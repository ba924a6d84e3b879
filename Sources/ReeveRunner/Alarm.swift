import NIOConcurrencyHelpers
import ReeveProtocol
import ReeveStore

/// Rings once at the earliest of the times that it was set to; the others are for who is rung to set again.
final class Alarm: Sendable {
    private let time = NIOLockedValueBox<Timestamp?>(nil)
    private let isSetEarlier = Wakeup()

    func set(to time: Timestamp) {
        let isEarlier = self.time.withLockedValue { known in
            guard known.map({ time < $0 }) ?? true else { return false }
            known = time
            return true
        }
        if isEarlier { isSetEarlier.set() }
    }

    /// Rings until its task is cancelled; early where the clock is set, for then its time may have come.
    func run(on clock: any WallClock, ring: () -> Void) async throws {
        while !Task.isCancelled {
            guard let time = time.withLockedValue({ $0 }) else {
                await isSetEarlier.wait()
                continue
            }
            guard try await !isSetEarlier.wait(until: time, on: clock) else { continue }
            self.time.withLockedValue { if $0 == time { $0 = nil } }
            ring()
        }
    }
}
