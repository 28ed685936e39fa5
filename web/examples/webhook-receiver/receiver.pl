#!/usr/bin/env perl
# A webhook receiver: perl receiver.pl [PORT] [SECRET]; the secret also as WEBHOOK_SECRET.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use MIME::Base64 qw(decode_base64 encode_base64);

my $port   = shift // 9000;
my $secret = shift // $ENV{WEBHOOK_SECRET};
my $key    = decode_base64($secret =~ s/^whsec_//r);
my %seen;    # Yours belongs in your database, in the same transaction as what the event changes.

# Takes as long for a wrong signature as for a right one.
sub same {
    my ($one, $other) = @_;
    return length $one == length $other && ($one ^ $other) !~ /[^\0]/;
}

sub genuine {
    my ($headers, $body) = @_;
    my ($id, $stamp, $sent) = map { $headers->{"webhook-$_"} // "" } qw(id timestamp signature);
    return 0 if $stamp !~ /^[0-9]+\z/a || abs(time - $stamp) > 300;
    my $wanted = "v1," . encode_base64(hmac_sha256("$id.$stamp.$body", $key), "");
    return scalar grep { same($_, $wanted) } split / /, $sent;
}

$| = 1;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 64, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
    my ($request, %headers) = (scalar <$client>);
    while (my $line = <$client>) {
        last if $line !~ /^([^:]+):\s*(.*?)\r?$/;
        $headers{ lc $1 } = $2;
    }
    read $client, my $body = "", $headers{"content-length"} // 0;
    my $good = genuine(\%headers, $body);
    if ($good && !$seen{ $headers{"webhook-id"} }++) {
        my $event = decode_json($body);
        print "$event->{id} $event->{type} $event->{sequence}\n";
    }
    print $client $good ? "HTTP/1.1 204 No Content" : "HTTP/1.1 400 Bad Request", "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    close $client;
}
