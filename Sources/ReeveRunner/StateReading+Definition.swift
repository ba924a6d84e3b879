import ReeveProtocol
import ReeveStore

extension StateReading {
    /// What a task said in that revision; `nil` if it is gone.
    func definition(task: String, revision: Int) throws -> TaskDefinition? {
        try self.task(task, includingRemoved: true)?.definition
    }
}
