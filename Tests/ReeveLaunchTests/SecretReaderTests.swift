import Glibc
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveLaunch

struct SecretReaderTests {
    private let folder: TemporaryFolder
    private let reader: SecretReader

    init() throws {
        folder = try TemporaryFolder()
        reader = SecretReader(credentialsDirectory: folder.path)
    }

    private func write(_ bytes: [UInt8]) {
        let file = open(folder.path + "/key", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
        close(file)
    }

    private func failure(_ value: ConfiguredValue, _ reader: SecretReader? = nil) -> String? {
        let reader = reader ?? self.reader
        do throws(SecretReader.Unreadable) {
            _ = try reader.value(of: value, for: "the secret")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `a file and a credential are read anew each time, without the final line break`() throws {
        let file = ConfiguredValue.file(folder.path + "/key")
        for text in ["one\n", "two", "three\n\n", "", "é\n"] {
            write(Array(text.utf8))
            let expected = text.hasSuffix("\n") ? String(text.dropLast()) : text
            #expect(try reader.value(of: file, for: "the secret") == expected)
            #expect(try reader.value(of: .credential("key"), for: "the secret") == expected)
        }
    }

    @Test func `what is too long, no text or no file is refused, naming what it is for and where it is`() throws {
        let path = folder.path + "/key"
        write(Array(repeating: UInt8(ascii: "x"), count: 64 << 10))
        #expect(try reader.value(of: .file(path), for: "the secret").utf8.count == 64 << 10)
        write(Array(repeating: UInt8(ascii: "x"), count: 64 << 10 + 1))
        #expect(failure(.file(path)) == "cannot read the secret from \(path): it is longer than 64KiB")
        write([0x61, 0xFF, 0x62])
        #expect(failure(.file(path)) == "cannot read the secret from \(path): it is not UTF-8")
        #expect(failure(.credential("key")) == "cannot read the secret from credential key: it is not UTF-8")
        write([0x61, 0, 0x62])
        #expect(failure(.file(path)) == "cannot read the secret from \(path): it contains a NUL character")
        #expect(failure(.file(folder.path)) == "cannot read the secret from \(folder.path): that is no file")
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        #expect(failure(.credential("pipe")) == "cannot read the secret from credential pipe: that is no file")
        #expect(
            failure(.file("/nowhere/key")) == "cannot read the secret from /nowhere/key: no such file or directory"
        )
    }

    @Test(arguments: ["", ".", "..", "../key", "a/b"])
    func `a credential is never outside its folder`(name: String) {
        let reason = "cannot read the secret from credential \(name): that is not the name of a credential"
        #expect(failure(.credential(name)) == reason)
    }

    @Test func `without systemd there are no credentials`() {
        let reason = "cannot read the secret from credential key: the agent was given no credentials"
        #expect(failure(.credential("key"), SecretReader(credentialsDirectory: nil)) == reason)
    }
}
