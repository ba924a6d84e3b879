import Testing

@testable import JSON

struct DifferenceTests {
    @Test(arguments: [
        (#"{"a": 1}"#, #"{"a": 1}"#, []), (#"{"a": 1}"#, #"{"a": 2}"#, ["/a: 1 > 2"]),
        (#"{"a": {"b": 1, "c": 2}}"#, #"{"a": {"b": 1, "d": 3}}"#, ["/a/c: 2 > -", "/a/d: - > 3"]),
        ("[1, 2]", "[1, 3]", ["/1: 2 > 3"]), ("[1, 2]", "[1]", [": [1,2] > [1]"]), ("1", "{}", [": 1 > {}"]),
        (#"{"a/b": {"c~": 1}}"#, #"{"a/b": {"c~": null}}"#, ["/a~1b/c~0: 1 > null"]),
        (#"{"a": [{"b": 1}]}"#, #"{"a": [{"b": [1]}]}"#, ["/a/0/b: 1 > [1]"]),
    ])
    func `the innermost places that differ are named`(old: String, new: String, expected: [String]) throws {
        let differences = try JSON(parsing: new).differences(from: JSON(parsing: old))
        #expect(
            differences.map { "\($0.path): \($0.before?.text ?? "-") > \($0.after?.text ?? "-")" } == expected
        )
    }
}
