import Testing

@testable import ReeveAgent

struct ConfigurationFileTests {
    @Test(arguments: [
        ("runner: {output: {perStep: 63KiB}}", "/runner/output/perStep: must be from 64KiB to 16TiB"),
        ("runner: {output: {perStep: 16385GiB}}", "/runner/output/perStep: must be from 64KiB to 16TiB"),
        ("runner: {output: {perRun: 0B}}", "/runner/output/perRun: must be from 64KiB to 16TiB"),
        ("runner: {output: {total: 1023KiB}}", "/runner/output/total: must be from 1MiB to 16TiB"),
        ("store: {deadLetters: {size: 0B}}", "/store/deadLetters/size: must be from 1MiB to 16TiB"),
        ("store: {retention: {size: 1KiB}}", "/store/retention/size: must be from 1MiB to 16TiB"),
        ("store: {disk: {budget: 3MiB}}", "/store/disk/budget: must be from 4MiB to 16TiB"),
        (
            "store: {retention: {size: 2GiB}, disk: {budget: 1GiB}}",
            "/store/retention/size: must not be more than store.disk.budget, 1GiB"
        ),
    ])
    func `sizes out of their range are refused`(text: String, problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text, file: "f") }
        #expect(
            error?.problems.count == 1 && error?.problems.first?.hasSuffix(problem) == true,
            "\(String(describing: error))"
        )
    }

    @Test func `the ends of the ranges are taken`() throws {
        let text = """
            runner: {output: {perStep: 64KiB, perRun: 16TiB, total: 1MiB}}
            store: {deadLetters: {size: 1MiB}}
            """
        _ = try ConfigurationFile(text: text, file: "f")
    }
}
