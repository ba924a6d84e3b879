import JSON
import Testing

@testable import reeve

struct TaskBatchTests {
    @Test(
        arguments: [
            (
                ["path": "/schedule/cron", "before": "0 3 * * *", "after": "0 4 * * *"],
                "schedule.cron: 0 3 * * * → 0 4 * * *"
            ),
            (["path": "/timeout", "after": "1m"], "timeout: now 1m"),
            (["path": "/steps/0/command", "before": ["a", "b"]], #"steps.0.command: no longer ["a","b"]"#),
            (["path": "/labels/x~1y~0", "after": "1"], "labels.x/y~: now 1"),
            (["path": "/script", "before": "a\nb", "after": "c"], "script: a⏎b → c"),
            (["path": "/environment/PW", "before": "old", "after": "new"], "environment.PW: another value"),
            (["path": "/environment/PW", "after": "new"], "environment.PW: new"),
            (["path": "/steps/1/environment", "before": ["PW": "old"]], "steps.1.environment: no longer"),
            (
                ["path": "/description", "after": .string(String(repeating: "x", count: 99))],
                "description: now " + String(repeating: "x", count: 59) + "…"
            ),
        ] as [(JSON, String)]
    )
    func `what is different is one short line, and tells no secret`(difference: JSON, text: String) {
        #expect(TaskBatch.text(difference) == text)
    }
}
