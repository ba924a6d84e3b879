/// Words for a shell to be pasted into.
enum ShellWord {
    static func quoted(_ word: String) -> String {
        var text = "'"
        for character in word {
            if character == "'" { text += "'\\''" } else { text.append(character) }
        }
        return text + "'"
    }
}
