import Testing

@testable import ReeveProcess
@testable import ReeveService

/// What of a process's messages is new.
struct NotifyNewsTests {
    private func state(_ messages: String...) -> NotifyState {
        var state = NotifyState()
        for message in messages { _ = state.merge(Array(message.utf8)) }
        return state
    }

    @Test func `each thing that is said is told once`() {
        let first = state("READY=1\nSTATUS=serving")
        #expect(NotifyNews.events(from: NotifyState(), to: first) == [.saidStatus("serving"), .saidReady])
        #expect(NotifyNews.events(from: first, to: first) == [])
    }

    @Test func `signs of life that came together are one`() {
        #expect(NotifyNews.events(from: NotifyState(), to: state("WATCHDOG=1", "WATCHDOG=1")) == [.saidAlive])
    }

    @Test func `a reload and its end are both told, also when they came together`() {
        let ready = state("READY=1")
        let reloading = state("READY=1", "RELOADING=1")
        #expect(NotifyNews.events(from: ready, to: reloading) == [.saidReloading])
        #expect(NotifyNews.events(from: reloading, to: state("READY=1", "RELOADING=1", "READY=1")) == [.saidReady])
    }

    @Test func `it asks for time, it stops, its watchdog has failed`() {
        let said = state("EXTEND_TIMEOUT_USEC=2000000", "STOPPING=1", "WATCHDOG=trigger")
        let events = NotifyNews.events(from: NotifyState(), to: said)
        #expect(events == [.askedForTime(.seconds(2)), .saidStopping, .saidWatchdogFailed])
    }
}
