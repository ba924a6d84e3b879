/// Rows of texts: aligned columns under a heading on a terminal, one line of fields with tabs between in a pipe.
struct Table {
    struct Cell: ExpressibleByStringLiteral {
        var text: String
        var style: Style

        init(_ text: String?, _ style: Style = .plain) {
            self.text = text.map(Table.clean) ?? ""
            self.style = style
        }

        init(stringLiteral value: String) {
            self.init(value)
        }

        /// What stands in the place of nothing, so that a field is never empty.
        var shown: String { text.isEmpty ? "-" : text }
    }

    let titles: [String]
    private(set) var rows: [[Cell]] = []

    init(_ titles: String...) {
        self.titles = titles
    }

    /// As many cells as there are titles.
    mutating func add(_ cells: Cell...) {
        rows.append(cells)
    }

    mutating func add(_ cells: [Cell]) {
        rows.append(cells)
    }

    var isEmpty: Bool { rows.isEmpty }

    func text(_ terminal: Terminal) -> String {
        terminal.isTerminal ? aligned(width: terminal.width, styled: terminal.isStyled) : separated
    }

    var separated: String {
        rows.map { $0.map(\.shown).joined(separator: "\t") + "\n" }.joined()
    }

    /// The last column is cut where the line ends; the others are shown whole. Columns that hold nothing are left out
    /// where the table has a heading.
    func aligned(width: Int, styled: Bool, heading: Bool = true) -> String {
        let columns = titles.indices.filter { column in !heading || rows.contains { !$0[column].text.isEmpty } }
        let head = titles.map { Cell($0, .faint) }
        let lines = (heading ? [head] + rows : rows).map { row in columns.map { row[$0] } }
        let widths = columns.indices.map { column in lines.map { $0[column].shown.count }.max() ?? 0 }
        let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        let last = max(12, width - before)
        return lines.map { line in
            let cells = line.enumerated().map { column, cell in
                guard column < columns.count - 1 else {
                    return cell.style.applied(to: Self.cut(cell.shown, last), styled)
                }
                let blanks = String(repeating: " ", count: widths[column] - cell.shown.count + 2)
                return cell.style.applied(to: cell.shown, styled) + blanks
            }
            return cells.joined() + "\n"
        }.joined()
    }

    static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }

    /// The text on one line and without anything that a terminal would act on.
    static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            clean.append(!isControl(scalar) ? scalar : scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}")
        }
        return String(clean)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
