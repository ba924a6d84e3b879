import ReeveProtocol

/// The environment of a step: a user's basics, what reeve says of the run, and what the task gives.
///
/// Nothing of the agent's own or of a caller's is among it.
package struct StepEnvironment {
    package static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    var user: UserRecord
    var run: Run
    var step: RunStep

    /// `NAME=value` texts, sorted by name; `own` are the step's, with files and credentials read already.
    func texts(own: [String: String]) -> [String] {
        var values = [
            "HOME": user.home, "USER": user.name, "LOGNAME": user.name,
            "SHELL": user.shell.isEmpty ? "/bin/sh" : user.shell,
            "LANG": "C.UTF-8", "PATH": Self.path,
            "REEVE_TASK": run.task, "REEVE_RUN": run.id, "REEVE_NUMBER": String(run.number), "REEVE_STEP": step.name,
            "REEVE_ATTEMPT": String(step.attempt),
        ]
        if let due = run.due { values["REEVE_SLOT"] = due.description }
        values.merge(own) { _, given in given }
        return values.map { "\($0.key)=\($0.value)" }.sorted()
    }
}
