import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct ProcessSnapshotTests {
    @Test(arguments: [
        ("A=1\0B=2\0", ["A=1"], true), ("A=1\0B=2\0", ["B=2", "A=1"], true), ("A=1\0B=2", ["B=2"], true),
        ("A=1\0B=2\0", ["A=1", "C=3"], false), ("A=12\0", ["A=1"], false), ("XA=1\0", ["A=1"], false),
        ("A=1", ["A=12"], false), ("", ["A=1"], false), ("A=1\0", [], true), ("\0\0A=1\0", ["A=1"], true),
    ])
    func `an environment has whole entries only`(environment: String, entries: [String], answer: Bool) {
        let entries = entries.map { Array($0.utf8) }
        #expect(ProcessSnapshot.environment(Array(environment.utf8), has: entries) == answer)
    }

    @Test func `files in proc are read to their end, whatever their length, and not beyond the limit`() async throws {
        let workshop = try Workshop()
        for length in [0, 1, 4095, 4096, 4097, 8192, 20_000, 100_000] {
            workshop.write(String(repeating: "x", count: length), to: "file")
            #expect(readFile(workshop.path("file"), limit: 50_000)?.count == min(length, 50_000))
        }
    }

    @Test func `who asks sees what began before, however many ask at once`() async throws {
        let workshop = try Workshop()
        let scans = ProcessScans()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let specification = workshop.shell("exec sleep 1000", name: "\(number)")
                    let pid = try workshop.processes.start(specification, key: ProcessKey("\(number)")).pid
                    let isThere = await scans.snapshot().processes.contains { $0.pid == pid }
                    let survivors = await workshop.processes.kill(ProcessKey("\(number)"))
                    _ = await workshop.processes.ended(ProcessKey("\(number)"))
                    return isThere && survivors == []
                }
            }
            for try await answer in group { #expect(answer) }
        }
        let left = await scans.snapshot()
        for record in workshop.processes.records {
            #expect(!left.processes.contains { $0.pid == record.pid && $0.startTicks == record.startTicks })
        }
    }
}
