import JSON
import ReeveProtocol

/// Puts the tasks or services of files: all or none, as far as can be told before.
struct DefinitionApply {
    let kind: DefinitionKind
    let session: Session
    let isDryRun: Bool

    func perform(_ path: String) async throws {
        let files = try File.definitions(path).map { try DefinitionFile(kind, path: $0) }
        files.forEach { $0.tellOthers() }
        let told = try await check(
            files.flatMap { file in
                file.entries.map { entry in
                    Checked(definition: entry.definition) { file.place(entry, $0) }
                }
            }
        )
        try await perform(try await ordered(files.flatMap(\.entries).map(\.definition)), told: told)
    }

    /// Puts what was checked, and prints what became of each.
    func perform(_ definitions: [JSON], told: Set<String>) async throws {
        var told = told
        var changes: [JSON] = []
        for definition in definitions {
            if isDryRun {
                changes.append(try await compare(definition))
            } else {
                changes.append(try await put(definition, told: &told))
            }
        }
        if session.printJSON(["changes": .array(changes)]) { return }
        var table = Table(kind.word.uppercased(), "CHANGE")
        for change in changes {
            let action = change["action"]?.string ?? ""
            table.add(Table.Cell(change[kind.word]?.string), Table.Cell(action, action == "same" ? .faint : .good))
        }
        session.print(table, ifEmpty: "there is no \(kind.word) in it")
        if isDryRun { Standard.say("nothing was changed (--dry-run)") }
    }

    struct Checked {
        let definition: JSON
        /// Where in the source an error of that path is.
        let place: (String) -> String
    }

    /// Throws if one of them can never be valid, after all of that was told.
    ///
    /// - Returns: The warnings that were told.
    func check(_ definitions: [Checked]) async throws -> Set<String> {
        var isValid = true
        var told: Set<String> = []
        for checked in definitions {
            let answer = try await session.call("\(kind.word).check", [kind.word: checked.definition])
            DefinitionProblems(kind: kind, place: checked.place, answer: answer).tell()
            isValid = isValid && answer["valid"]?.bool == true
            told.formUnion((answer["warnings"]?.array ?? []).compactMap(\.string))
        }
        guard isValid else { throw CommandFailure(.refused, "nothing was changed") }
        return told
    }

    /// Services come behind those that they require, so that none waits for one that is put a moment later.
    private func ordered(_ definitions: [JSON]) async throws -> [JSON] {
        guard kind == .service else { return definitions }
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
        let answer = try await session.call("\(kind.word).put", [kind.word: definition])
        let name = answer[kind.word]?[kind.name] ?? definition[kind.name]
        for warning in (answer["warnings"]?.array ?? []).compactMap(\.string) where told.insert(warning).inserted {
            Standard.say("\(name?.string ?? "?"): warning: \(warning)")
        }
        return change(name, Definition.action(answer))
    }

    /// What putting it would do.
    func compare(_ definition: JSON) async throws -> JSON {
        let name = definition[kind.name]
        guard let text = name?.string, let current = try await Definition.current(kind, text, session) else {
            return change(name, "created")
        }
        var wanted = definition.object ?? [:]
        wanted["revision"] = nil
        return change(name, Self.isSame(kind, .object(current), .object(wanted)) ? "same" : "changed")
    }

    /// Whether two texts say the same: `60s` is `1m`.
    static func isSame(_ kind: DefinitionKind, _ left: JSON, _ right: JSON) -> Bool {
        switch kind {
        case .task: isSame(TaskDefinition.self, left, right)
        case .service: isSame(ServiceDefinition.self, left, right)
        }
    }

    private static func isSame<Value: Decodable & Equatable>(_ type: Value.Type, _ left: JSON, _ right: JSON) -> Bool {
        // One that does not decode is the agent's to refuse.
        guard let left: Value = try? JSONCoder.decode(from: left),
            let right: Value = try? JSONCoder.decode(from: right)
        else { return false }
        return left == right
    }

    private func change(_ name: JSON?, _ action: String) -> JSON {
        [kind.word: name ?? .null, "action": .string(action)]
    }
}
