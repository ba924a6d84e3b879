import Glibc
import Testing

/// What the documentation says is shown by a test is shown by one.
struct DocumentationTests {
    private static let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")

    private static func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "re"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }

    private static func names(in folder: String) throws -> [String] {
        let stream = try #require(opendir(folder))
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            )
        }
        return names.filter { !$0.hasPrefix(".") }
    }

    @Test func `every test that the documentation names is there`() throws {
        let page = try Self.text(Self.repository + "/Sources/ReeveEngine/ReeveEngine.docc/ReeveEngine.md")
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
        // The last column holds nothing else in backticks.
        let named = rows.flatMap { row -> [Substring] in
            let last = row.split(separator: "|").last ?? ""
            return last.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        }
        try #require(named.count >= 20)
        var tests = ""
        for folder in try Self.names(in: Self.repository + "/Tests") {
            for file in try Self.names(in: Self.repository + "/Tests/" + folder) where file.hasSuffix("Tests.swift") {
                tests += try Self.text("\(Self.repository)/Tests/\(folder)/\(file)")
            }
        }
        for name in named { #expect(tests.contains("func `\(name)`"), "\(name)") }
    }
}
