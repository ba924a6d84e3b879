import JSON
import ReeveProtocol
import ReeveRunner
import ReeveStore

/// `group.*`.
struct GroupMethods: Sendable {
    var parts: Parts
    var limits: RunLimits

    var methods: [AgentMethod] {
        [
            .changing("group.put", .administer, put),
            .reading("group.list", .observe, list),
        ]
    }

    @Sendable private func put(_ parameters: GroupPutParameters, _ call: Call) async throws -> JSON {
        let problems = parameters.group.problems()
        guard problems.isEmpty else { throw Failure(problems, below: "/group") }
        let by = call.caller.name
        try await parts.store.write { try $0.putGroup(parameters.group, by: by) }
        return ["group": try JSONCoder.encode(parameters.group)]
    }

    @Sendable private func list(_ parameters: NoParameters, _ call: Call) async throws -> JSON {
        let (stored, live) = try await parts.store.read { reader in
            let live = try reader.liveRuns().compactMap { run in try reader.group(of: run).map { ($0, run) } }
            return (try reader.groups(), live)
        }
        let put = Dictionary(stored.map { ($0.definition.name, $0) }, uniquingKeysWith: { first, _ in first })
        let configured = limits.groups
        let limits = limits.groups(with: stored)
        let names = Set(configured.keys).union(put.keys).union(live.map(\.0)).sorted()
        return [
            "groups": .array(
                names.map { name in
                    let runs = live.filter { $0.0 == name }.map(\.1)
                    var group: JSONObject = ["name": .string(name)]
                    group["limit"] = limits[name].map { .number(String($0)) } ?? .null
                    group["running"] = .number(String(runs.count { $0.status > .pending }))
                    group["waiting"] = .number(String(runs.count { $0.status == .pending }))
                    group["source"] = put[name] != nil ? "rpc" : configured[name] != nil ? "configuration" : "none"
                    group["by"] = put[name].map { .string($0.by) }
                    group["changedAt"] = put[name]?.changedAt.json
                    return .object(group)
                }
            )
        ]
    }
}
