// SPDX-FileCopyrightText: 2026 elemental.networking contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command capi-webhooks serves Cluster API's own admission and conversion
// webhooks for IPAddress and IPAddressClaim, and none of its controllers, on
// loopback. The rules are Cluster API's; only this wiring is ours.
package main

import (
	"flag"
	"log"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
	ipamv1alpha1 "sigs.k8s.io/cluster-api/api/ipam/v1alpha1"
	ipamv1beta1 "sigs.k8s.io/cluster-api/api/ipam/v1beta1"
	ipamv1 "sigs.k8s.io/cluster-api/api/ipam/v1beta2"
	"sigs.k8s.io/cluster-api/core/webhooks/admission"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

func main() {
	// --kubeconfig is registered by controller-runtime.
	port := flag.Int("webhook-port", 9443, "port on 127.0.0.1")
	dir := flag.String("webhook-cert-dir", "", "folder with tls.crt and tls.key")
	flag.Parse()
	ctrl.SetLogger(klog.Background())

	scheme := runtime.NewScheme()
	utilruntime.Must(ipamv1alpha1.AddToScheme(scheme))
	utilruntime.Must(ipamv1beta1.AddToScheme(scheme))
	utilruntime.Must(ipamv1.AddToScheme(scheme))

	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		WebhookServer: webhook.NewServer(webhook.Options{
			Host: "127.0.0.1", Port: *port, CertDir: *dir,
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	// As Cluster API's manager does, the claim is read from the API server, not a cache.
	if err := (&admission.IPAddress{Client: mgr.GetAPIReader()}).SetupWebhookWithManager(mgr); err != nil {
		log.Fatal(err)
	}
	if err := (&admission.IPAddressClaim{}).SetupWebhookWithManager(mgr); err != nil {
		log.Fatal(err)
	}
	if err := mgr.Start(ctrl.SetupSignalHandler()); err != nil {
		log.Fatal(err)
	}
}
