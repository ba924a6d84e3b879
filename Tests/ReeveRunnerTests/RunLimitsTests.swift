import ReeveProtocol
import ReeveRunner
import Testing

@testable import ReeveStore

struct RunLimitsTests {
    private static let limits = RunLimits(concurrency: 4, groups: ["disk": 1, "net": 2])

    private static func stored(_ name: String, _ limit: Int?) -> StoredGroup {
        let now = Timestamp(seconds: 1_795_230_000)
        return StoredGroup(definition: GroupDefinition(name: name, limit: limit), by: "uid:0", changedAt: now)
    }

    @Test func `what was put counts more than the configuration`() {
        let stored = [Self.stored("disk", nil), Self.stored("net", 0), Self.stored("tape", 3)]
        #expect(Self.limits.groups(with: []) == ["disk": 1, "net": 2])
        #expect(Self.limits.groups(with: stored) == ["net": 0, "tape": 3])
    }

    @Test(arguments: [(nil, 4), (9, 9), (1, 1), (0, 0)] as [(Int?, Int)])
    func `the limit of all runs is no group's`(limit: Int?, places: Int) {
        let stored = [Self.stored("*", limit)]
        #expect(Self.limits.places(with: stored) == places)
        #expect(Self.limits.groups(with: stored) == ["disk": 1, "net": 2])
    }
}
