import JSON
import JSONRPC

/// A definition as the agent has it.
enum Definition {
    /// Without its revision; `nil` if there is none of that name.
    static func current(_ kind: DefinitionKind, _ name: String, _ session: Session) async throws -> JSONObject? {
        let answer = try await session.found { try await session.call("\(kind.word).get", [kind.word: .string(name)]) }
        var definition = answer?[kind.word]?.object
        definition?["revision"] = nil
        return definition
    }

    /// Puts one; refuses to change one that is there, unless it is to be replaced.
    static func add(
        _ kind: DefinitionKind,
        _ definition: JSONObject,
        replace: Bool,
        _ session: Session
    ) async throws -> JSON {
        var parameters: JSONObject = [kind.word: .object(definition)]
        if !replace { parameters["ifRevision"] = 0 }
        do {
            return try await session.call("\(kind.word).put", parameters)
        } catch let error as RPCError where error.kind == "conflict" && !replace {
            let name = definition[kind.name]?.string ?? "?"
            throw RPCError(
                code: error.code,
                message: "there is a \(kind.word) \"\(name)\" already",
                kind: "conflict",
                details: ["hint": .string("--replace changes it; \"\(kind.command) show \(name)\" shows it")]
            )
        }
    }

    /// What became of one that was put.
    static func action(_ answer: JSON) -> String {
        answer["created"]?.bool == true ? "created" : answer["changed"]?.bool == true ? "changed" : "same"
    }
}
