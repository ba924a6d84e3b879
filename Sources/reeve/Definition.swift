import JSON
import JSONRPC

/// A task's definition as the agent has it.
enum Definition {
    /// Without its revision; `nil` if there is no such task.
    static func current(_ id: String, _ session: Session) async throws -> JSONObject? {
        do {
            var task = try await session.call("task.get", ["task": .string(id)])["task"]?.object
            task?["revision"] = nil
            return task
        } catch let error as RPCError where error.kind == "notFound" {
            return nil
        }
    }
}
