#!/bin/sh
# Objects by the AWS CLI; $ENDPOINT is the broker.
set -eu
s3() { aws --endpoint-url "$ENDPOINT" s3 "$@"; }
api() { aws --endpoint-url "$ENDPOINT" --output text s3api "$@"; }

s3 mb s3://pics
mkdir tree back
i=0
while [ "$i" -lt 500 ]; do
  mkdir -p "tree/$((i % 7))"
  echo "file $i" >"tree/$((i % 7))/name $i.txt"
  i=$((i + 1))
done
s3 sync tree s3://pics/tree --only-show-errors
s3 sync tree s3://pics/tree >again.txt
test ! -s again.txt
test "$(s3 ls --recursive s3://pics/tree/ | wc -l)" = 500
test "$(s3 ls s3://pics/tree/ | grep -c PRE)" = 7
s3 sync s3://pics/tree back --only-show-errors
diff -r tree back
rm "tree/0/name 0.txt"
s3 sync tree s3://pics/tree --delete --only-show-errors
test "$(s3 ls --recursive s3://pics/tree/ | wc -l)" = 499

head -c 200000000 /dev/urandom >large
s3 cp large s3://pics/large --only-show-errors
s3 cp s3://pics/large returned --only-show-errors
cmp large returned
s3 cp s3://pics/large s3://pics/copy --only-show-errors
s3 mv s3://pics/copy s3://pics/moved --only-show-errors
test "$(api head-object --bucket pics --key moved --query ContentLength)" = 200000000
head -c 20000000 large | s3 cp - s3://pics/piped --only-show-errors
s3 cp s3://pics/piped - | cmp -n 20000000 - large
curl -fsS "$(s3 presign s3://pics/large)" | cmp - large

api put-bucket-versioning --bucket pics --versioning-configuration Status=Enabled
api put-object --bucket pics --key v --body "tree/1/name 1.txt" --metadata a=1 >/dev/null
api delete-object --bucket pics --key v >/dev/null
test "$(api list-object-versions --bucket pics --prefix v --query 'length(DeleteMarkers)')" = 1
api put-bucket-versioning --bucket pics --versioning-configuration Status=Suspended
if s3 ls s3://none 2>error.txt; then exit 1; fi
grep -q "(NoSuchBucket).*The specified bucket does not exist" error.txt

s3 mb s3://other
s3 cp large s3://other/large --only-show-errors
s3 rb s3://other --force >/dev/null
test "$(api list-buckets --query 'Buckets[].Name')" = pics
echo ok
