/// The word of `words` that `word` was most likely meant to be, for "did you mean …?".
///
/// Distance counts letters added, left out, changed or swapped with their neighbour, capitals not told apart; at most
/// about a third of the letters may differ. Of several equally near the first is taken.
package func nearest(_ word: String, among words: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().unicodeScalars.prefix(64))
    var best: (word: String, distance: Int)?
    for candidate in words {
        let letters = Array(candidate.lowercased().unicodeScalars.prefix(64))
        let allowed = max(1, max(wanted.count, letters.count) / 3)
        guard abs(wanted.count - letters.count) <= allowed, min(wanted.count, letters.count) > 1 else { continue }
        // Only what is nearer than the best until now is of use.
        let limit = min(allowed, (best?.distance ?? .max) - 1)
        if let distance = editDistance(wanted, letters, atMost: limit) { best = (candidate, distance) }
    }
    return best?.word
}

/// `nil` if it is more than `limit`; that is known after a few letters of most words.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], atMost limit: Int) -> Int? {
    var beforePrevious = Array(0...right.count)
    var previous = beforePrevious
    var current = beforePrevious
    var previousLeast = 0
    for row in left.indices {
        current[0] = row + 1
        var least = row + 1
        for column in right.indices {
            let change = previous[column] + (left[row] == right[column] ? 0 : 1)
            var cost = min(change, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current[column + 1] = cost
            least = min(least, cost)
        }
        // A swap looks back over one row, nothing over two.
        guard min(least, previousLeast) <= limit else { return nil }
        previousLeast = least
        (beforePrevious, previous, current) = (previous, current, beforePrevious)
    }
    return previous[right.count] <= limit ? previous[right.count] : nil
}
