import JSON
import JSONRPC

/// A definition as the agent has it.
enum Definition {
    /// Without its revision; `nil` if there is none of that name.
    static func current(_ kind: DefinitionKind, _ name: String, _ session: Session) async throws -> JSONObject? {
        do {
            let answer = try await session.call("\(kind.word).get", [kind.word: .string(name)])
            var definition = answer[kind.word]?.object
            definition?["revision"] = nil
            return definition
        } catch let error as RPCError where error.kind == "notFound" {
            return nil
        }
    }

    /// What became of one that was put.
    static func action(_ answer: JSON) -> String {
        answer["created"]?.bool == true ? "created" : answer["changed"]?.bool == true ? "changed" : "same"
    }
}
