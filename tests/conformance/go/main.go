// The AWS SDK for Go 2: put, read, errors, and SubscribeToShard over TLS. Arguments: the endpoint, its certificate.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const shard = "shardId-000000000000"

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := connect(os.Args[1], os.Args[2])
	name := aws.String("go")
	_, err := client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)})
	check(err)
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 100*time.Millisecond
	})
	check(waiter.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: name}, 20*time.Second))
	putAndRead(ctx, client, name)
	refused(ctx, client)
	subscribe(ctx, client, name)
	fmt.Println("ok")
}

func connect(endpoint, certificate string) *kinesis.Client {
	pem, err := os.ReadFile(certificate)
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	return kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: transport},
	})
}

func putAndRead(ctx context.Context, client *kinesis.Client, name *string) {
	var entries []types.PutRecordsRequestEntry
	for i := 0; i < 100; i++ {
		entries = append(entries, types.PutRecordsRequestEntry{
			PartitionKey: aws.String(fmt.Sprint("key-", i)), Data: []byte(fmt.Sprint("record ", i)),
		})
	}
	put, err := client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: name, Records: entries})
	check(err)
	expect(*put.FailedRecordCount == 0, "all are stored")
	iterator, err := client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: name, ShardId: aws.String(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	check(err)
	read, err := client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator.ShardIterator})
	check(err)
	expect(len(read.Records) == 100 && string(read.Records[42].Data) == "record 42", "all are read, in order")
	expect(time.Since(*read.Records[0].ApproximateArrivalTimestamp) < time.Minute, "arrival is now")
}

func refused(ctx context.Context, client *kinesis.Client) {
	_, err := client.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("nowhere")})
	var missing *types.ResourceNotFoundException
	expect(errors.As(err, &missing), "a stream that is not there")
	expect(missing.ErrorMessage() == "Stream nowhere under account 000000000000 not found.", missing.ErrorMessage())
}

func subscribe(ctx context.Context, client *kinesis.Client, name *string) {
	summary, err := client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: name})
	check(err)
	arn := summary.StreamDescriptionSummary.StreamARN
	consumer, err := client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{
		StreamARN: arn, ConsumerName: aws.String("c"),
	})
	check(err)
	for {
		described, err := client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{
			ConsumerARN: consumer.Consumer.ConsumerARN,
		})
		check(err)
		if described.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	output, err := client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
		ConsumerARN: consumer.Consumer.ConsumerARN, ShardId: aws.String(shard),
		StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
	})
	check(err)
	stream := output.GetStream()
	received := 0
	for event := range stream.Events() {
		if records, is := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent); is {
			received += len(records.Value.Records)
		}
		if received == 100 {
			break
		}
	}
	check(stream.Err())
	expect(received == 100, "everything is pushed")
	check(stream.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func expect(holds bool, what string) {
	if !holds {
		log.Fatal(what)
	}
}
