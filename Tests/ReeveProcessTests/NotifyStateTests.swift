import Testing

@testable import ReeveProcess

@Suite struct NotifyStateTests {
    private func state(after messages: String...) -> NotifyState {
        var state = NotifyState()
        for message in messages { _ = state.merge(Array(message.utf8)) }
        return state
    }

    @Test func `several assignments come in one message, and a line's end may be missing`() {
        let state = state(after: "READY=1\nSTATUS=Serving 3 clients\nMAINPID=4711\n", "STOPPING=1")
        #expect(state.isReady)
        #expect(state.isStopping)
        #expect(state.status == "Serving 3 clients")
        #expect(state.mainPID == 4711)
        #expect(state.version == 2)
    }

    @Test func `who reloads is not ready until it says so again`() {
        var state = state(after: "READY=1", "RELOADING=1\nMONOTONIC_USEC=7")
        #expect(!state.isReady && state.isReloading)
        _ = state.merge(Array("READY=1".utf8))
        #expect(state.isReady && !state.isReloading)
    }

    @Test func `watchdogs and extensions are counted, and the last extension is kept`() {
        let state = state(
            after: "WATCHDOG=1",
            "EXTEND_TIMEOUT_USEC=5000000\nWATCHDOG=1",
            "EXTEND_TIMEOUT_USEC=1500",
            "EXTEND_TIMEOUT_USEC=18446744073709551615"
        )
        #expect(state.watchdogs == 2)
        #expect(state.extensions == 3)
        #expect(state.extension == .microseconds(UInt64.max))
        #expect(!state.watchdogFailed)
        #expect(self.state(after: "WATCHDOG=trigger").watchdogFailed)
        #expect(self.state(after: "EXTEND_TIMEOUT_USEC=1500").extension == .microseconds(1500))
    }

    @Test(arguments: [
        "", "\n\n", "READY", "READY=", "READY=0", "READY=11", " READY=1", "ready=1", "X_OWN=1", "BARRIER=1", "=1",
        "FDSTORE=1\nFDNAME=x", "MAINPID=", "MAINPID=0", "MAINPID=-5", "MAINPID=+5", "MAINPID= 5", "MAINPID=5x",
        "MAINPID=2147483648", "ERRNO=2", "EXTEND_TIMEOUT_USEC=infinity",
        "EXTEND_TIMEOUT_USEC=18446744073709551616", "WATCHDOG=0", "WATCHDOG=2", "STOPPING=yes",
    ])
    func `what is not known or malformed is ignored`(message: String) {
        var state = NotifyState()
        let isKnown = state.merge(Array(message.utf8))
        #expect(!isKnown)
        #expect(state == NotifyState())
    }

    @Test func `a malformed line spoils no other`() {
        let state = state(after: "MAINPID=many\nREADY=1\nEXTEND_TIMEOUT_USEC=")
        #expect(state.isReady)
        #expect(state.mainPID == nil)
        #expect(state.version == 1)
    }

    @Test func `a status is one line that people can read`() {
        #expect(state(after: "STATUS=a=b\t\u{1b}[31mred\u{7f}\u{85}\r").status == "a=b[31mred")
        #expect(state(after: "STATUS=was", "STATUS=").status == nil)
        var state = NotifyState()
        _ = state.merge(Array("STATUS=b".utf8) + [0xff, 0xc3] + Array("d".utf8))
        #expect(state.status == "b\u{fffd}\u{fffd}d")
    }

    @Test func `a status is cut between characters`() {
        let state = state(after: "STATUS=x" + String(repeating: "ü", count: 1000))
        #expect(state.status == "x" + String(repeating: "ü", count: 511))
    }

    @Test func `of a message that is too long the lines count that came whole`() {
        var state = NotifyState()
        let isKnown = state.merge(Array("READY=1\nMAINPID=47".utf8), isCut: true)
        #expect(isKnown)
        #expect(state.isReady)
        #expect(state.mainPID == nil)
        let isKnownToo = state.merge(Array("STATUS=xxxxxxxxx".utf8), isCut: true)
        #expect(!isKnownToo)
    }
}
