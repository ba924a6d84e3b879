import ReeveProtocol
import ReeveRunner
import Testing

/// Attachments as ``RunMachine`` sees to them.
struct RunAttachmentTests {
    private typealias Try = RunMachine.Try

    private func machine(expires: Interval? = nil) -> RunMachine {
        var definition = TaskDefinition(id: "backup", command: ["true"])
        definition.attachments = [
            AttachmentDefinition(path: "/run/a", content: ""), .init(path: "/run/b", content: ""),
        ]
        definition.attachments?[1].expires = expires
        let run = Run(id: "r", task: "backup", number: 1, revision: 1, trigger: .manual, createdAt: Machine.start)
        return RunMachine(run: run, definition: definition)
    }

    private func records(_ second: AttachmentStatus) -> [RunAttachment] {
        var records = ["/run/a", "/run/b"].map { RunAttachment(path: $0, status: .attached, at: Machine.start) }
        records[1].status = second
        records[1].cause = second == .failed ? "attachmentFailed" : nil
        records[1].reason = second == .failed ? "a folder is in its place" : nil
        return records
    }

    @Test func `they are in place before a step starts, and told`() {
        var machine = machine()
        #expect(machine.happen(.admitted) == [.attach])
        #expect(machine.run.attachments?.map(\.status) == [.pending, .pending])
        let actions = machine.handle(.attached(records(.attached)), at: Machine.start)
        #expect(actions.first?.told == ["/run/a attached", "/run/b attached", "main preparing"])
        #expect(actions.dropFirst() == [.start(Try(0))])
    }

    @Test func `one that fails is why the run does`() {
        var machine = machine()
        machine.happen(.admitted)
        #expect(machine.happen(.attached(records(.failed))) == [.finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "attachmentFailed")
        #expect(machine.run.reason == "attachment /run/b: a folder is in its place")
        #expect(machine.outcomes == [.skipped])
    }

    @Test func `one whose time was over when the run began fails it, and none is put in place`() {
        var machine = machine(expires: .minutes(5))
        #expect(machine.happen(.admitted, after: .minutes(7)) == [.finish])
        #expect(machine.run.outcome == .failed)
        #expect(machine.run.cause == "attachmentExpired")
        #expect(machine.run.reason == "attachment /run/b: its time was over 2m before the run began")
        #expect(machine.run.attachments?.map(\.status) == [.failed, .expired])
        #expect(machine.run.attachments?.first?.cause == "notReached")
        #expect(machine.run.attachments?.last?.expiresAt == Machine.start + .minutes(5))
    }

    @Test func `a run that is taken up before they were in place sees to them again`() {
        var machine = machine()
        machine.happen(.admitted)
        #expect(machine.happen(.resumed(found: [:])) == [.attach])
        #expect(machine.happen(.attached(records(.attached))) == [.start(Try(0))])
    }

    @Test func `a stop in the meantime is the end`() {
        var machine = machine()
        machine.happen(.admitted)
        #expect(machine.happen(.stopRequested(Machine.request)) == [.stopAttaching])
        #expect(machine.run.status == .stopping, "what is in place is known first")
        var records = records(.failed)
        records[1].cause = "notReached"
        #expect(machine.happen(.attached(records)) == [.finish])
        #expect(machine.run.outcome == .canceled)
        #expect(machine.run.cause == "requested")
        #expect(machine.run.attachments?.map(\.status) == [.attached, .failed])
    }
}
