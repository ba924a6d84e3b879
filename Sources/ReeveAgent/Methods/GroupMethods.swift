import JSON
import ReeveProtocol
import ReeveRunner
import ReeveStore

/// `group.*`.
struct GroupMethods: Sendable {
    var parts: Parts
    var limits: @Sendable () -> RunLimits

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
            (try reader.groups(), try reader.liveRuns().map { (run: $0, group: try reader.group(of: $0)) })
        }
        let put = Dictionary(stored.map { ($0.definition.name, $0) }, uniquingKeysWith: { first, _ in first })
        func item(_ name: String, limit: Int?, isConfigured: Bool, _ runs: [Run]) -> JSON {
            var group: JSONObject = ["name": .string(name)]
            group["limit"] = limit.map { .number(String($0)) } ?? .null
            group["running"] = .number(String(runs.count { $0.status > .pending }))
            group["waiting"] = .number(String(runs.count { $0.status == .pending }))
            let source =
                put[name] != nil ? DefinitionSource.rpc : isConfigured ? DefinitionSource.configuration : "none"
            group["source"] = .string(source)
            group["by"] = put[name].map { .string($0.by) }
            group["changedAt"] = put[name]?.changedAt.json
            return .object(group)
        }
        let limits = limits()
        let everything = GroupDefinition.everything
        let groupLimits = limits.groups(with: stored)
        let names = Set(limits.groups.keys).union(put.keys).union(live.compactMap(\.group)).subtracting([everything])
        let groups = names.sorted().map { name in
            item(
                name,
                limit: groupLimits[name],
                isConfigured: limits.groups[name] != nil,
                live.filter { $0.group == name }.map(\.run)
            )
        }
        let all = item(everything, limit: limits.places(with: stored), isConfigured: true, live.map(\.run))
        return ["groups": .array([all] + groups)]
    }
}
