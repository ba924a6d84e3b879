import Testing

@testable import ReeveProcess

@Suite struct ChildLifecycleTests {
    @Test func `is over at once when both streams are closed before the end`() {
        var lifecycle = ChildLifecycle()
        #expect(lifecycle.closed(.output) == .none)
        #expect(lifecycle.closed(.error) == .none)
        #expect(lifecycle.outputIsClosed)
        #expect(lifecycle.ended() == .finish)
    }

    @Test func `waits for open output after the end, and not for ever`() {
        var lifecycle = ChildLifecycle()
        #expect(lifecycle.closed(.error) == .none)
        #expect(lifecycle.ended() == .beginGrace)
        #expect(lifecycle.graceIsOver() == .finish)
        #expect(lifecycle.closed(.output) == .none)
    }

    @Test func `is over when the last stream closes within the grace`() {
        var lifecycle = ChildLifecycle()
        #expect(lifecycle.ended() == .beginGrace)
        #expect(lifecycle.closed(.error) == .none)
        #expect(lifecycle.closed(.output) == .finish)
        #expect(lifecycle.graceIsOver() == .none)
    }

    @Test func `nothing is over while the process runs`() {
        var lifecycle = ChildLifecycle()
        #expect(lifecycle.graceIsOver() == .none)
        #expect(lifecycle.ended() == .beginGrace)
        #expect(lifecycle.ended() == .none)
    }
}
