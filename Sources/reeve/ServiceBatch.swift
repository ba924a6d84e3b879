import JSON
import ReeveProtocol

/// Puts the services of files: all or none, as far as can be told before.
struct ServiceBatch {
    let session: Session
    let isDryRun: Bool

    func perform(_ path: String) async throws {
        let files = try File.definitions(path).map { try DefinitionFile(.service, path: $0) }
        files.forEach { $0.tellOthers() }
        var told = try await check(files)
        var changes: [JSON] = []
        for definition in try await ordered(files.flatMap(\.entries).map(\.definition)) {
            if isDryRun {
                changes.append(try await compare(definition))
            } else {
                changes.append(try await put(definition, told: &told))
            }
        }
        if session.printJSON(["changes": .array(changes)]) { return }
        var table = Table("SERVICE", "CHANGE")
        for change in changes {
            let action = change["action"]?.string ?? ""
            table.add(Table.Cell(change["service"]?.string), Table.Cell(action, action == "same" ? .faint : .good))
        }
        session.print(table, ifEmpty: "there is no service in it")
        if isDryRun { Standard.say("nothing was changed (--dry-run)") }
    }

    /// Throws if one of them can never be valid, after all of that was told.
    ///
    /// - Returns: The warnings that were told.
    private func check(_ files: [DefinitionFile]) async throws -> Set<String> {
        var isValid = true
        var told: Set<String> = []
        for file in files {
            for entry in file.entries {
                let answer = try await session.call("service.check", ["service": entry.definition])
                DefinitionProblems(kind: .service, place: { file.place(entry, $0) }, answer: answer).tell()
                isValid = isValid && answer["valid"]?.bool == true
                told.formUnion((answer["warnings"]?.array ?? []).compactMap(\.string))
            }
        }
        guard isValid else { throw CommandFailure(.refused, "nothing was changed") }
        return told
    }

    /// Services come behind those that they require, so that none waits for one that is put a moment later.
    private func ordered(_ definitions: [JSON]) async throws -> [JSON] {
        let order = ServiceOrder(definitions)
        let present = try await session.list("service.list", [:], "services")["services"]?.array ?? []
        if let circle = order.circle(among: present) {
            throw CommandFailure(
                .refused,
                "services would require each other in a circle: \((circle + [circle[0]]).joined(separator: " requires "))",
                hint: "nothing was changed"
            )
        }
        return order.definitions
    }

    private func put(_ definition: JSON, told: inout Set<String>) async throws -> JSON {
        let answer = try await session.call("service.put", ["service": definition])
        let name = answer["service"]?["name"] ?? definition["name"]
        for warning in (answer["warnings"]?.array ?? []).compactMap(\.string) where told.insert(warning).inserted {
            Standard.say("\(name?.string ?? "?"): warning: \(warning)")
        }
        return change(name, Definition.action(answer))
    }

    /// What putting it would do.
    private func compare(_ definition: JSON) async throws -> JSON {
        let name = definition["name"]
        guard let text = name?.string, let current = try await Definition.current(.service, text, session) else {
            return change(name, "created")
        }
        var wanted = definition.object ?? [:]
        wanted["revision"] = nil
        return change(name, Self.isSame(.object(current), .object(wanted)) ? "same" : "changed")
    }

    /// Whether two texts say the same: `60s` is `1m`.
    static func isSame(_ left: JSON, _ right: JSON) -> Bool {
        // One that does not decode is the agent's to refuse.
        guard let left: ServiceDefinition = try? JSONCoder.decode(from: left),
            let right: ServiceDefinition = try? JSONCoder.decode(from: right)
        else { return false }
        return left == right
    }

    private func change(_ name: JSON?, _ action: String) -> JSON {
        ["service": name ?? .null, "action": .string(action)]
    }
}
