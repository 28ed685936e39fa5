# A webhook receiver: perl receiver.pl [PORT] [SECRET]; the secret also as WEBHOOK_SECRET.
use strict; use warnings;
use Digest::SHA qw(hmac_sha256); use IO::Socket::INET; use JSON::PP; use MIME::Base64;

my ($port, $secret) = (shift // 9000, shift // $ENV{WEBHOOK_SECRET});
my $key = decode_base64($secret =~ s/^whsec_//r);
my %seen;    # Yours belongs in your database, in the same transaction as what the event changes.
$| = 1;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 64, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
    my ($request, %head) = (scalar <$client>);
    while (($_ = <$client> // "") =~ /^([^:]+):\s*(.*?)\r?$/) { $head{ lc $1 } = $2 }
    read $client, my $body = "", $head{"content-length"} // 0;
    my ($id, $stamp, $sent) = map { $head{"webhook-$_"} // "" } qw(id timestamp signature);
    my $wanted = "v1," . encode_base64(hmac_sha256("$id.$stamp.$body", $key), "");
    # As long for a wrong signature as for a right one: no byte is compared by itself.
    my @same = grep { length == length $wanted && ($_ ^ $wanted) !~ /[^\0]/ } split / /, $sent;
    my $good = $stamp =~ /^[0-9]+\z/a && abs(time - $stamp) < 300 && @same;
    my $event = $good && !$seen{$id}++ ? decode_json($body) : undef;
    print "$id $event->{type} $event->{sequence}\n" if $event;
    print $client "HTTP/1.1 ", $good ? "204 No Content" : "400 Bad Request", "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    close $client;
}
