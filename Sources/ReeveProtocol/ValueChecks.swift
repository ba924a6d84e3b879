package import JSON

/// Whether the text is 1 to `longest` of the characters `A-Za-z0-9._-`.
package func isName(_ text: String, longest: Int) -> Bool {
    (1...longest).contains(text.utf8.count)
        && text.utf8.allSatisfy {
            ("a"..."z").contains(Unicode.Scalar($0)) || ("A"..."Z").contains(Unicode.Scalar($0))
                || ("0"..."9").contains(Unicode.Scalar($0)) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: "-")
        }
}

/// What is wrong with a name that somebody gave, if anything is.
/// - Parameter problem: What it then is: "is not a task id".
package func nameProblems(_ name: String, _ problem: String, longest: Int, at path: String) -> [InvalidValue] {
    guard !isName(name, longest: longest) else { return [] }
    let expected = "1 to \(longest) of the characters A-Z a-z 0-9 . _ -"
    return [InvalidValue(path: path, reason: "\"\(name)\" \(problem)", expected: expected)]
}

/// What is wrong with a number that somebody gave, if anything is.
package func rangeProblems<Number: Comparable>(
    _ number: Number?,
    _ range: ClosedRange<Number>,
    at path: String
) -> [InvalidValue] {
    guard let number, !range.contains(number) else { return [] }
    let expected = "\(range.lowerBound) to \(range.upperBound)"
    return [InvalidValue(path: path, reason: "\(number) is out of range", expected: expected)]
}
