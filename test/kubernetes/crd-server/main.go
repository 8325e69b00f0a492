// A real API server for custom resources and nothing else: Kubernetes' own code (k8s.io/apiextensions-apiserver)
// over an etcd, in plain HTTP on loopback, for the tests beside it. Nobody is authenticated, everything is allowed.
//
//	crd-server http://127.0.0.1:ETCD-PORT
//
// Its first line on standard output is its own URL, written once it serves.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	generatedopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/openapi"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/rest"
)

func main() {
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(etcd string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	config, err := configuration(etcd, address)
	if err != nil {
		return err
	}
	server, err := config.Complete().New(genericapiserver.NewEmptyDelegate())
	if err != nil {
		return err
	}
	prepared := server.GenericAPIServer.PrepareRun()
	go http.Serve(listener, server.GenericAPIServer.Handler)
	fmt.Println("http://" + address)
	return prepared.RunWithContext(ctx)
}

// What a whole kube-apiserver settles and this one leaves out: certificates, callers, rights, admission, core kinds.
func configuration(etcd, address string) (*apiserver.Config, error) {
	chosen := options.NewCustomResourceDefinitionsServerOptions(os.Stdout, os.Stderr)
	chosen.RecommendedOptions.Etcd.StorageConfig.Transport.ServerList = []string{etcd}
	generic := genericapiserver.NewRecommendedConfig(apiserver.Codecs)
	generic.LoopbackClientConfig = &rest.Config{Host: "http://" + address, QPS: -1}
	generic.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(
		openapi.GetOpenAPIDefinitionsWithoutDisabledFeatures(generatedopenapi.GetOpenAPIDefinitions),
		openapinamer.NewDefinitionNamer(apiserver.Scheme))
	chosen.ServerRunOptions.ExternalHost = address
	if err := chosen.Complete(); err != nil {
		return nil, err
	}
	if err := chosen.ServerRunOptions.ApplyTo(&generic.Config); err != nil {
		return nil, err
	}
	if err := chosen.RecommendedOptions.Etcd.ApplyTo(&generic.Config); err != nil {
		return nil, err
	}
	// An apply that creates asks whether it may.
	generic.Authorization.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	if err := chosen.APIEnablement.ApplyTo(
		&generic.Config, apiserver.DefaultAPIResourceConfigSource(), apiserver.Scheme); err != nil {
		return nil, err
	}
	return &apiserver.Config{
		GenericConfig: generic,
		ExtraConfig: apiserver.ExtraConfig{
			CRDRESTOptionsGetter: options.NewCRDRESTOptionsGetter(
				*chosen.RecommendedOptions.Etcd, generic.ResourceTransformers, generic.StorageObjectCountTracker),
			ServiceResolver:     webhook.NewDefaultServiceResolver(),
			AuthResolverWrapper: webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, generic.LoopbackClientConfig, nil),
		},
	}, nil
}
