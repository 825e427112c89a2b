# The formula of sortie, for a tap of your own. The release script fills in url and sha256.
class Sortie < Formula
  desc "Bulk job runner for device fleets behind the Kandji / Iru Endpoint API"
  homepage "https://example.com/sortie"
  url "@URL@"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    ENV["SORTIE_COMMIT"] = "@COMMIT@"
    system "cargo", "install", *std_cargo_args(features: "mail,keyring")
    system bin/"sortie", "man", "--out", man1
    man7.install Dir[man1/"*.7"]
    generate_completions_from_executable(bin/"sortie", "completions")
    (pkgshare/"launchd").install "examples/deploy/launchd/io.sortie.nightly.plist"
    (pkgshare/"jobs").install Dir["jobs/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/sortie --version")
    (testpath/"job.csv").write("serial_number\nC02ZK0AALVDQ\n")
    system bin/"sortie", "run", "job.csv", "--action", "blank-push", "--simulate", "--yes"
  end
end
