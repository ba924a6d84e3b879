import JSON

/// The tasks of the kill test. Each step writes a line when it starts and one when it ends.
struct KillTasks {
    let marksPath: String

    var all: [JSONObject] {
        [
            task("tick", ["schedule": ["rate": "1s"]], ":"),
            task("tock", ["schedule": ["rate": "1s"], "overlap": "allow"], "sleep 0.4"),
            task("quick", ["overlap": "allow"], ":"),
            task("slow", ["overlap": "allow"], "sleep 0.3"),
            task("slower", ["overlap": "queue"], "sleep 1"),
            task("failing", ["overlap": "allow"], "exit 3"),
            [
                "id": "two", "overlap": "allow",
                "steps": [
                    ["name": "first", "command": command("sleep 0.05")],
                    ["name": "second", "command": command("sleep 0.05")],
                ],
            ],
            ["id": "plain", "overlap": "allow", "command": ["true"]],
        ]
    }

    static let byHand = ["quick", "slow", "two", "failing", "plain", "slower"]

    private func task(_ id: String, _ fields: JSONObject, _ line: String) -> JSONObject {
        var task: JSONObject = ["id": .string(id), "command": command(line)]
        task.members += fields.members
        return task
    }

    private func command(_ line: String) -> JSON {
        // Each line is one write to a file opened for appending.
        let mark = "$REEVE_RUN $REEVE_STEP\" >> \(marksPath)"
        return ["/bin/sh", "-c", .string("echo \"start \(mark); \(line); echo \"end \(mark)")]
    }

    /// The steps that leave marks, by task.
    static func steps(of task: String) -> [String] {
        switch task {
        case "two": ["first", "second"]
        case "plain": []
        default: ["main"]
        }
    }
}
